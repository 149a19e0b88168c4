import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compressFiles } from '../../scripts/compress-files.ts'
import { type DoorOptions, key, openDoor } from '../http/open-door.ts'
import { endsLater } from './lifetime.ts'
import { temporaryDirectory } from './open-sessions.ts'
import { type RawAnswer, sendRaw } from './raw-request.ts'

/** The script of that build which is worth compressing. */
export const longScript = `export const text = ${JSON.stringify('long '.repeat(2_000))}`

/** A build with one of each kind of file, and encoded ones as `scripts/build-console.ts` makes them. */
export async function makeBuild(): Promise<string> {
  const build = temporaryDirectory()
  mkdirSync(join(build, 'assets'))
  const files = {
    'index.html':
      '<!doctype html><meta name="console-base" content="./"><link rel="manifest" href="./manifest.webmanifest"><script type="module" src="./assets/main-1a2b.js"></script>',
    'manifest.webmanifest': '{"start_url":"./"}',
    'sw.js': 'self.addEventListener("push", () => {})',
    'assets/main-1a2b.js': 'export {}',
    'assets/main-1a2b.css': 'body{}',
    'assets/long-1a2b.js': longScript,
    '.hidden': 'secret',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(build, name), text)
  await compressFiles(build)
  return build
}

export interface LoggedInPage {
  cookie: string
  csrfToken: string
  setCookie: string
  expiresAt: string
  caller: Record<string, unknown>
}

/** A server with the console at two paths beside the API; closed after the test. */
export async function openConsole(options: DoorOptions = {}) {
  const door = await openDoor({ ...options, deps: { consoleBuild: await makeBuild(), ...options.deps } })
  door.app.use('/console', door.door.console)
  door.app.use('/a/b/console', door.door.console)
  endsLater(() => door[Symbol.asyncDispose]())
  const { origin } = door

  /** Sends what a page of the console sends, and what the test changes about it. */
  const send = (path: string, method = 'GET', headers: Record<string, string> = {}, body?: unknown) =>
    sendRaw(origin + path, {
      method,
      headers: {
        ...(method !== 'GET' && { origin, 'content-type': 'application/json' }),
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })

  const logIn = async (credential = key, mount = '/console', headers: Record<string, string> = {}) => {
    const answer = await send(`${mount}/session`, 'POST', headers, { key: credential })
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`)
    const [setCookie = ''] = answer.headers['set-cookie'] ?? []
    const [cookie = ''] = setCookie.split(';')
    return { cookie, setCookie, ...JSON.parse(answer.text) } as LoggedInPage
  }

  return { door, origin, send, logIn }
}

export function codeOf({ status, text }: RawAnswer): [number, string | undefined] {
  return [status, JSON.parse(text || '{}').error?.code]
}
