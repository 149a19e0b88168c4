import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scope } from './scope.ts'

/** What a program of the benches tells of itself, garbage collected before. */
export interface ChildState {
  heapUsed: number
  /** Everything that keeps its event loop alive, counted by kind. */
  resources: Record<string, number>
  /** Listeners on the process itself. */
  listeners: number
  /** Transactions committed to SQLite. */
  commits: number
}

export interface Child {
  readonly pid: number
  /** Where it listens. */
  readonly url: string
  state(): Promise<ChildState>
  /** Everything that it wrote to standard error. */
  log(): string
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>
  /** Sends a signal; SIGTERM ends it in order. */
  signal(name: NodeJS.Signals): void
  close(): Promise<void>
}

let count = 0

/**
 * Starts one of the programs beside this file in a process of its own, with exactly this environment; ended with
 * the bench. It ends by itself when this process is gone.
 */
export async function openChild(
  scope: Scope,
  program: 'server.ts' | 'model.ts' | 'bare-server.ts' | 'live-sdk-server.ts',
  settings: object = {},
  env: Record<string, string> = {},
): Promise<Child> {
  const logFile = join(scope.directory, `${program}-${++count}.log`)
  const fd = openSync(logFile, 'a')
  const profiling =
    scope.profileDirectory !== undefined && program === 'server.ts'
      ? ['--cpu-prof', `--cpu-prof-dir=${scope.profileDirectory}`]
      : []
  const child = fork(join(import.meta.dirname, program), [JSON.stringify(settings)], {
    env,
    // The server's own flag, as in package.json and in the program's first line.
    execArgv: ['--expose-gc', '--max-semi-space-size=8', ...profiling],
    stdio: ['ignore', fd, fd, 'ipc'],
  })
  closeSync(fd)
  const exited = once(child, 'exit')
  const log = () => readFileSync(logFile, 'utf8')
  const close = async () => {
    if (child.connected) child.disconnect()
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
    await exited
    clearTimeout(timer)
  }
  scope.onEnd(close)
  const { url } = (await receive(child, exited, log)) as { url: string }
  const { pid } = child
  if (pid === undefined) throw new Error(`${program} has no pid`)
  return {
    pid,
    url,
    log,
    close,
    ended: exited,
    signal: name => void child.kill(name),
    async state() {
      const received = receive(child, exited, log)
      child.send('state')
      return (await received) as ChildState
    },
  }
}

async function receive(child: ChildProcess, exited: Promise<unknown>, log: () => string): Promise<unknown> {
  const stop = new AbortController()
  const message = once(child, 'message', { signal: stop.signal }).then(([first]) => first as unknown)
  const gone = exited.then(() => {
    throw new Error(`a program of the bench has ended: ${log().slice(-2000)}`)
  })
  gone.catch(() => {})
  message.catch(() => {})
  try {
    return await Promise.race([message, gone])
  } finally {
    stop.abort()
  }
}
