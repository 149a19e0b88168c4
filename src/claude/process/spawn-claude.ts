import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'
import type { SpawnedProcess, SpawnOptions } from '@anthropic-ai/claude-agent-sdk'
import type { AgentFailure } from '../../sessions/ports/index.ts'
import { OutputGuard } from './output-guard.ts'
import { identify, markerVariable, ProcessTree } from './process-tree.ts'

const stderrTailLength = 8 * 1024
/** From the end of its output to the end of the process, in milliseconds. */
const silentBoundMs = 2_000
/** From the end of the process to the end of its output, which something that we cannot find may hold open. */
const outputBoundMs = 2_000

export interface ProcessWatch {
  /** A sign of life. */
  onFrame(): void
  /** It does what no Claude Code does, and has to be ended. */
  onFault(failure: AgentFailure): void
}

export interface SpawnedClaude {
  /** What the SDK gets to see of it. */
  process: SpawnedProcess
  /** Undefined when it could not be started. */
  tree: ProcessTree | undefined
  /** Whether the process itself has gone. */
  readonly hasExited: boolean
  /** The newest part of what the process wrote to standard error. */
  stderrTail(): string
  /** Resolves when the process is gone and its standard error has been read, or when it could not be started. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null; error?: NodeJS.ErrnoException }>
  /** Resolves when all that it had started is gone too. */
  swept: Promise<void>
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/**
 * Starts Claude Code as the leader of a session of its own. The environment is the one given, and the marker by
 * which what it starts is found. Whatever it leaves behind when it goes, for whatever reason, is ended.
 */
export function spawnClaude(options: SpawnOptions, watch: ProcessWatch): SpawnedClaude {
  const marker = randomUUID()
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: { ...options.env, [markerVariable]: marker },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  // Its entry is there even if it has died by now: it is read off only when we get back to the event loop.
  const tree = child.pid === undefined ? undefined : new ProcessTree(identify(child.pid), marker, true)
  // The SDK listens for the exit many times over, once for each thing that it waits for.
  child.setMaxListeners(50)
  // A write to a process that has just died is told by its exit.
  child.stdin.on('error', () => {})
  const stderrTail = keepTail(child.stderr)
  const guard = new OutputGuard({
    onFrame: watch.onFrame,
    onOverflow: () =>
      watch.onFault({
        reason: 'output_too_large',
        message: 'Claude Code wrote a line too long or too deep to be taken',
      }),
  })
  child.stdout.pipe(guard)
  endWhenSilent(child, watch)
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const swept = tree ? gone.then(() => sweep(tree, child.stdout, guard)) : Promise.resolve()
  return {
    process: toSpawnedProcess(child, guard),
    tree,
    get hasExited() {
      return hasExited(child)
    },
    stderrTail,
    exited: whenExited(child),
    swept,
  }
}

/** Not before the exit: what a live session keeps running in the background may run on. */
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
      // A grandchild may hold standard error open for ever; what the process itself wrote has arrived by then.
      const bound = setTimeout(settle, 200)
      child.stderr.once('close', () => {
        clearTimeout(bound)
        settle()
      })
    })
  })
}

/** A process that can say nothing any more is of no use: the SDK would wait for its exit for ever. */
function endWhenSilent(child: Child, watch: ProcessWatch): void {
  child.stdout.once('end', () => {
    if (hasExited(child)) return
    const bound = setTimeout(
      () =>
        watch.onFault({
          reason: 'process_unresponsive',
          message: "Claude Code's process closed its output and did not exit",
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

/** The child as it is, but for its output. */
function toSpawnedProcess(child: Child, stdout: Readable): SpawnedProcess {
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
    kill: signal => child.kill(signal),
    on: child.on.bind(child) as SpawnedProcess['on'],
    once: child.once.bind(child) as SpawnedProcess['once'],
    off: child.off.bind(child) as SpawnedProcess['off'],
  }
}
