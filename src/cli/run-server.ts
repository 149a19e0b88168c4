import { serveDemo } from '../app/demo.ts'
import { isExpectedFault } from '../app/expected-fault.ts'
import { mountPath, type RunningServer, serve } from '../app/serve.ts'
import { parseTrustProxy } from '../config/browser-access.ts'
import { findDatabaseUrl } from '../config/database.ts'
import { readEnvironment } from '../config/env.ts'
import { describeDemo } from './describe-demo.ts'

export interface ServeFlags {
  host: string
  port: number
  dataDir?: string
  databaseUrl?: string
  root?: string[]
  trustedRoot?: string[]
  corsOrigin?: string[]
  allowedHost?: string[]
  publicUrl?: string
  trustProxy?: string
  auth: boolean
  demo: boolean
}

/** Serves until a signal arrives. A fault that the owner can fix is reported in one line, with exit code 1. */
export async function runServer(flags: ServeFlags): Promise<void> {
  try {
    const server = await open(flags)
    stopOnSignal(server)
  } catch (error) {
    if (!isExpectedFault(error)) throw error
    process.stderr.write(`claude-code-api: ${error.message}\n`)
    process.exitCode = 1
  }
}

async function open(flags: ServeFlags): Promise<RunningServer> {
  const { host, port, dataDir, root, trustedRoot, auth, demo } = flags
  // A demonstration leaves a database alone that is there for other things.
  const url = flags.databaseUrl ?? (demo ? undefined : findDatabaseUrl(readEnvironment()))
  const options = {
    host,
    port,
    ...(dataDir !== undefined && { dataDir }),
    ...(url !== undefined && { database: { url } }),
    ...(root !== undefined && { allowedRoots: root }),
    ...(trustedRoot !== undefined && { trustedRoots: trustedRoot }),
    ...toBrowserAccess(flags),
    ...(!auth && { auth: { enabled: false } }),
    logLevel: 'info' as const,
  }
  if (demo) {
    const server = await serveDemo(options)
    say(`claude-code-api listening on ${server.url}`)
    say(describeDemo(`${server.url}${mountPath}`, auth ? server.key : undefined))
    return server
  }
  const server = await serve(options)
  say(`claude-code-api listening on ${server.url}`)
  if (server.madeKey !== undefined) {
    say(`API key (shown only once): ${server.madeKey}`)
  }
  void server.inspectAgent().then(({ failure }) => {
    if (failure) process.stderr.write(`claude-code-api: ${failure.message}\n`)
  })
  return server
}

function toBrowserAccess({ corsOrigin, allowedHost, publicUrl, trustProxy }: ServeFlags) {
  return {
    ...(corsOrigin !== undefined && { cors: { origins: corsOrigin } }),
    ...(allowedHost !== undefined && { allowedHosts: allowedHost }),
    ...(publicUrl !== undefined && { publicUrl }),
    ...(trustProxy !== undefined && { trustProxy: parseTrustProxy(trustProxy) }),
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Shuts down in order at the first signal, and exits at once at the second. */
function stopOnSignal(server: RunningServer): void {
  let stopping = false
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) {
      server.killProcesses()
      process.exit(signal === 'SIGINT' ? 130 : 143)
    }
    stopping = true
    await server.close()
    process.exit(0)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}
