import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext } from 'react'
import { forgetStored, keepFor, keepsFor } from '../lib/stored.ts'
import { type Login, logInByLink, readLogin, takeKeyFromFragment } from './connection.ts'
import { endOwnPush } from './push.ts'

const Context = createContext<Login | null>(null)

export const loginKey = ['login']
/** Whether a login has ended while the page was open, other than with a logout. */
const endedKey = ['login ended']

/** The person that is logged in. */
export function useLogin(): Login {
  const login = useContext(Context)
  if (!login) throw new Error('useLogin is for pages below LoginGate')
  return login
}

/** Whether the person's key may do this. */
export function useMay(...scopes: string[]): boolean {
  const { caller } = useLogin()
  return scopes.some(scope => (caller.scopes as string[]).includes(scope))
}

/** The only session that the person's key opens; null: all of its tenant. */
export function useBoundSession(): string | null {
  return useLogin().caller.sessionId
}

const listeners = new Set<() => void>()

/** Has something forgotten with the answers of the server, when another person may be logged in. */
export function whenForgotten(forget: () => void): void {
  listeners.add(forget)
}

/** Hands the browser to a person: it keeps nothing of another one, and gets no notifications for them. */
function takeOver({ caller }: Login): void {
  const person = `${caller.tenant} ${caller.keyId}`
  if (keepsFor(person)) return
  void endOwnPush()
  keepFor(person)
}

/** Takes what the last person saw out of the cache, and what they wrote out of the browser. */
export function forgetAnswers(queries: QueryClient, login: Login | null): void {
  for (const forget of listeners) forget()
  if (login) takeOver(login)
  else forgetStored()
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== loginKey[0] })
  queries.setQueryData(loginKey, login)
}

async function findLogin(signal: AbortSignal): Promise<Login | null> {
  const key = takeKeyFromFragment()
  const login = await (key === null ? readLogin(signal) : logInByLink(key))
  if (login) takeOver(login)
  return login
}

/** Leads back to the login, where the page stays at its address. */
export function endLogin(queries: QueryClient): void {
  if (!queries.getQueryData(loginKey)) return
  queries.setQueryData(endedKey, true)
  queries.setQueryData(loginKey, null)
}

export interface LoginForm {
  /** The error that kept the link's key or the old login from working. */
  cause: unknown
  hasEnded: boolean
  onLogin: (login: Login) => void
}

interface LoginGateProps {
  loading: ReactNode
  /** Is shown while no one is logged in. */
  form: (form: LoginForm) => ReactNode
  children: ReactNode
}

export function LoginGate({ loading, form, children }: LoginGateProps) {
  const queries = useQueryClient()
  const { data, error, isPending } = useQuery({
    queryKey: loginKey,
    queryFn: ({ signal }) => findLogin(signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  if (isPending) return loading
  if (!data) {
    const hasEnded = queries.getQueryData(endedKey) === true
    return form({ cause: error, hasEnded, onLogin: login => forgetAnswers(queries, login) })
  }
  return <Context value={data}>{children}</Context>
}
