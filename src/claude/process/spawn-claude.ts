import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { SpawnedProcess, SpawnOptions } from '@anthropic-ai/claude-agent-sdk'
import type { AgentFailure } from '../../sessions/ports/index.ts'
import type { BoxedCommand } from '../isolation/box.ts'
import { OutputGuard } from './output-guard.ts'
import { identify, markerVariable, ProcessTree } from './process-tree.ts'

const stderrTailLength = 8 * 1024
/** The time from the end of the output to the end of the process, in milliseconds. */
const silentBoundMs = 2_000
/** The time from the end of the process to the end of its output, which an unknown descendant may hold open. */
const outputBoundMs = 2_000

export interface ProcessWatch {
  /** Called for each sign of life. */
  onFrame(): void
  /** Called if the process violates the protocol and must be ended. */
  onFault(failure: AgentFailure): void
}

export interface SpawnedClaude {
  /** The process as the SDK sees it. */
  process: SpawnedProcess
  /** Undefined: the process could not be started. */
  tree: ProcessTree | undefined
  /** Whether the process itself has ended. */
  readonly hasExited: boolean
  /** The end of the process's standard error. */
  stderrTail(): string
  /** Resolves when the process has ended and its standard error was read, or when it could not be started. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null; error?: NodeJS.ErrnoException }>
  /** Resolves when all descendants have ended too. */
  swept: Promise<void>
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** Starts the process in another way, and tidies up when it is gone. */
export type Wrap = (
  options: SpawnOptions,
  marker: string,
  variables: Readonly<Record<string, string>>,
) => BoxedCommand

/**
 * Starts Claude Code as the leader of its own session, with the given environment and the marker by which its
 * descendants are found. When it ends, for any reason, its descendants are ended too.
 *
 * @param marker of no other process
 */
export function spawnClaude(
  options: SpawnOptions,
  watch: ProcessWatch,
  marker: string,
  wrap?: Wrap,
): SpawnedClaude {
  const boxed = wrap?.(options, marker, { [markerVariable]: marker })
  const { command, args } = boxed ?? options
  const child = spawn(command, args, {
    cwd: options.cwd,
    // A box gets its environment from inside, because this one would also be that of the programs that make it.
    env: { ...(!boxed && options.env), [markerVariable]: marker },
    stdio: ['pipe', 'pipe', 'pipe', ...(boxed ? (['ipc'] as const) : [])],
    detached: true,
  }) as Child
  boxed?.connect(child)
  // The entry exists even if the process has died by now, because Node collects it only in the event loop.
  const tree = child.pid === undefined ? undefined : new ProcessTree(identify(child.pid), marker, true)
  // The SDK adds an exit listener for each thing that it waits for.
  child.setMaxListeners(50)
  // If a write fails because the process has died, its exit reports that.
  child.stdin.on('error', () => {})
  const stderrTail = keepTail(child.stderr)
  const guard = new OutputGuard({
    onFrame: watch.onFrame,
    onOverflow: () =>
      watch.onFault({
        reason: 'output_too_large',
        message: 'Claude Code wrote a line that is too long or too deeply nested',
      }),
  })
  child.stdout.pipe(guard)
  endWhenSilent(child, watch)
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const ended = tree ? gone.then(() => sweep(tree, child.stdout, guard)) : Promise.resolve()
  const swept = ended.then(async () => void (await boxed?.release()))
  return {
    // The process that is started is not Claude Code, which only its tree has.
    process: toSpawnedProcess(child, guard, boxed && tree),
    tree,
    get hasExited() {
      return hasExited(child)
    },
    stderrTail,
    exited: whenExited(child),
    swept,
  }
}

/** Ends descendants after the exit; background programs of a live session keep running. */
async function sweep(tree: ProcessTree, stdout: Readable, guard: OutputGuard): Promise<void> {
  await tree.end()
  if (stdout.destroyed) return
  const bound = setTimeout(() => {
    stdout.unpipe(guard)
    stdout.destroy()
    guard.end()
  }, outputBoundMs)
  stdout.once('close', () => clearTimeout(bound))
}

function whenExited(child: Child): SpawnedClaude['exited'] {
  return new Promise(resolve => {
    child.once('error', error => {
      if (child.pid === undefined) resolve({ code: null, signal: null, error })
    })
    child.once('exit', (code, signal) => {
      const settle = () => resolve({ code, signal })
      // A descendant may hold standard error open forever; the output of the process itself has arrived by then.
      const bound = setTimeout(settle, 200)
      child.stderr.once('close', () => {
        clearTimeout(bound)
        settle()
      })
    })
  })
}

/** Ends a process that has closed its output, because the SDK would wait forever for its exit. */
function endWhenSilent(child: Child, watch: ProcessWatch): void {
  child.stdout.once('end', () => {
    if (hasExited(child)) return
    const bound = setTimeout(
      () =>
        watch.onFault({
          reason: 'process_unresponsive',
          message: 'The Claude Code process closed its output without exiting',
        }),
      silentBoundMs,
    )
    child.once('exit', () => clearTimeout(bound))
  })
}

function keepTail(stderr: Readable): () => string {
  let tail = ''
  stderr.setEncoding('utf8')
  stderr.on('data', (text: string) => {
    tail = (tail + text).slice(-stderrTailLength)
  })
  return () => tail
}

function hasExited({ exitCode, signalCode, pid }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null
}

/** Wraps the child with another output. */
function toSpawnedProcess(child: Child, stdout: Readable, tree: ProcessTree | undefined): SpawnedProcess {
  return {
    stdin: child.stdin,
    stdout,
    get killed() {
      return child.killed
    },
    get exitCode() {
      return child.exitCode
    },
    get signalCode() {
      return child.signalCode
    },
    kill: signal => (tree ? tree.signal(signal) > 0 : child.kill(signal)),
    on: child.on.bind(child) as SpawnedProcess['on'],
    once: child.once.bind(child) as SpawnedProcess['once'],
    off: child.off.bind(child) as SpawnedProcess['off'],
  }
}
