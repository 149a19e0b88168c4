import { serveDemo } from '../app/demo.ts'
import { mountPath, type RunningServer, type ServeOptions, serve } from '../app/serve.ts'
import { describeDemo } from './describe-demo.ts'
import { guardConsole } from './guard-console.ts'
import type { LoadedOptions } from './load-options.ts'

/** Serves until a signal arrives. */
export async function runServer({ options, address, naming }: LoadedOptions, isDemo: boolean): Promise<void> {
  guardConsole()
  stopOnSignal(await naming(() => open({ ...options, ...address }, isDemo)))
}

async function open(options: ServeOptions, isDemo: boolean): Promise<RunningServer> {
  if (isDemo) {
    const server = await serveDemo(options)
    say(`claude-code-api listening on ${server.url}`)
    const key = server.config.auth.enabled ? server.key : undefined
    say(describeDemo(`${server.url}${mountPath}`, key))
    if (server.consoleUrl !== undefined) say(`\nOpen the console: ${withKey(server.consoleUrl, key)}`)
    return server
  }
  const server = await serve(options)
  say(`claude-code-api listening on ${server.url}`)
  if (server.metricsUrl !== undefined) say(`metrics at ${server.metricsUrl}`)
  if (server.madeKey !== undefined) {
    say(`API key (shown only once): ${server.madeKey}`)
    if (server.consoleUrl !== undefined) say(`console at ${withKey(server.consoleUrl, server.madeKey)}`)
  }
  void server.inspectAgent().then(({ failure }) => {
    if (failure) process.stderr.write(`claude-code-api: ${failure.message}\n`)
  })
  return server
}

/** The address that logs in by itself. The fragment is not sent to the server, so it is in no log. */
function withKey(url: string, key: string | undefined): string {
  return key === undefined ? url : `${url}#key=${encodeURIComponent(key)}`
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
    process.stderr.write(`claude-code-api: ${describeStop(server, signal)}\n`)
    await server.close()
    process.exit(0)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  const { reloadCertificate } = server
  if (reloadCertificate) process.on('SIGHUP', () => reloadCertificate())
}

function describeStop({ runningTurns, config }: RunningServer, signal: NodeJS.Signals): string {
  const again = signal === 'SIGINT' ? 'Ctrl-C again ends it at once.' : 'A second signal ends it at once.'
  if (runningTurns === 0) return `stopping. ${again}`
  const turns = runningTurns === 1 ? 'one running turn' : `${runningTurns} running turns`
  return `stopping; ${turns} may take ${config.drainTimeoutMs / 1000} s more. ${again}`
}
