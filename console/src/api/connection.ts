import { ApiError, type Caller, ClaudeCodeClient, readError } from '../../../src/client/index.ts'

/** Where the console is mounted, without the slash at its end: in a build, the directory above this file. */
export const mount = import.meta.env.DEV
  ? ''
  : new URL(/* @vite-ignore */ '..', import.meta.url).pathname.replace(/\/$/, '')

/** Who is logged in, as `GET <mount>/session` reports it. */
export interface Login {
  caller: Caller
  /** Every write carries it; kept in memory alone. */
  csrfToken: string | null
  /** When the login ends if it is not used; null: it does not. */
  expiresAt: string | null
  /** `none`: the server asks for no keys; `host`: the application around it knows who you are. */
  login: 'key' | 'none' | 'host'
}

let csrfToken: string | null = null
const csrfHeaders = (): Record<string, string> => (csrfToken === null ? {} : { 'x-csrf-token': csrfToken })

/** The API as the logged-in person. */
export const client = new ClaudeCodeClient({
  baseUrl: new URL(`${mount}/api`, location.href).href,
  headers: csrfHeaders,
})

/** The API with a key that was typed again, for the operations that a login alone may not use. */
export function clientWithKey(apiKey: string): ClaudeCodeClient {
  return new ClaudeCodeClient({ baseUrl: new URL(`${mount}/api`, location.href).href, apiKey })
}

async function callSession(init: RequestInit): Promise<Response> {
  const response = await fetch(`${mount}/session`, {
    ...init,
    headers: { ...csrfHeaders(), ...init.headers },
  })
  if (!response.ok) throw await readError(response)
  return response
}

async function remember(response: Response): Promise<Login> {
  const login: Login = await response.json()
  csrfToken = login.csrfToken
  return login
}

/** @returns null: not logged in */
export async function readLogin(signal?: AbortSignal): Promise<Login | null> {
  try {
    return await remember(await callSession({ ...(signal && { signal }) }))
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null
    throw error
  }
}

/** Exchanges a key for a login; the key is forgotten. */
export async function logIn(key: string): Promise<Login> {
  const headers = { 'content-type': 'application/json' }
  const response = await callSession({ method: 'POST', headers, body: JSON.stringify({ key }) })
  return remember(response)
}

export async function logOut(): Promise<void> {
  await callSession({ method: 'DELETE' })
  csrfToken = null
}

let offeredKey: string | null = null

/** The key of a link that was opened while another login stood; null: there is none. */
export function getOfferedKey(): string | null {
  return offeredKey
}

export function forgetOfferedKey(): void {
  offeredKey = null
}

/** Logs in by the key of the page's link. A login that stands is not replaced: its person is asked first. */
export async function logInByLink(key: string): Promise<Login> {
  const standing = await readLogin().catch(() => null)
  if (!standing) return logIn(key)
  if (standing.login === 'key') offeredKey = key
  return standing
}

/** Takes the key out of a link such as the demo's, `#key=...`, so that it stays in no history. */
export function takeKeyFromFragment(): string | null {
  const key = new URLSearchParams(location.hash.slice(1)).get('key')
  if (key !== null) history.replaceState(history.state, '', location.pathname + location.search)
  return key
}
