import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'

/** Read by no setting of git: repositories bring their own, and those may name programs to run. */
const safeSettings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'credential.helper=',
  'gc.auto=0',
  'maintenance.auto=false',
  'advice.addEmbeddedRepo=false',
  'submodule.recurse=false',
]
/** The shell's, when there is no git. */
const notFoundCode = 127
const stderrTailLength = 16 * 1024
/** Most runs are over before the watch begins. */
const watchDelayMs = 100
/** Address space of a git, in KiB: a file without an end, or one that unpacks to one, does not take the machine's. */
const maxMemoryKib = 4 * 1024 * 1024
/** Where there is no such bound (macOS), git runs without it. */
const program = `ulimit -v ${maxMemoryKib} 2>/dev/null; exec git "$@"`
/** From the end of git to the end of its output, which something that it has started may hold open. */
const outputBoundMs = 1_000

export interface GitCommand {
  cwd: string
  /** Beyond the environment that every git gets. */
  environment?: Readonly<Record<string, string>>
  timeoutMs: number
  signal?: AbortSignal | undefined
  input?: string | Buffer
  /** Git is ended when it has written so much. Default: 64 MiB. */
  maxBytes?: number
  /**
   * Runs beside a git that takes longer than usual. Git is ended when it resolves with a text, which says what git
   * would wait for.
   */
  watch?: (signal: AbortSignal) => Promise<string | undefined>
}

export interface GitResult {
  /** null: git was ended. */
  code: number | null
  stdout: Buffer
  /** The end of what it said; it may have paths and URLs in it, so it is for the log at most. */
  stderr: string
  /** Why git was ended before its time. */
  ended: 'timed_out' | 'aborted' | 'too_much' | 'blocked' | undefined
  /** There is no git. */
  missing: boolean
}

/**
 * Runs git with an environment of its own: no settings but those of the repository, no hooks, no questions. Each
 * runs in a process group of its own, which is ended as a whole.
 */
export class Git {
  readonly #environment: Readonly<Record<string, string>>
  readonly #closed = new AbortController()
  readonly #running = new Map<number, Promise<unknown>>()

  /**
   * @param environment what git may have of the server's: where programs, certificates and proxies are
   * @param home without `.netrc`, keys or settings of a user
   */
  constructor(environment: Readonly<Record<string, string>>, home: string) {
    this.#environment = {
      ...environment,
      HOME: home,
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ASKPASS: '',
      SSH_ASKPASS: '',
      GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
      GIT_OPTIONAL_LOCKS: '0',
      GIT_LITERAL_PATHSPECS: '1',
      GIT_PAGER: 'cat',
    }
  }

  /** Never rejects: what goes wrong is in the result. */
  run(args: readonly string[], command: GitCommand): Promise<GitResult> {
    const { cwd, environment = {}, timeoutMs, input, maxBytes = 64 * 1024 * 1024, watch } = command
    const settings = safeSettings.flatMap(setting => ['-c', setting])
    const signal = AbortSignal.any([this.#closed.signal, ...(command.signal ? [command.signal] : [])])
    const running = new Promise<GitResult>(resolve => {
      let ended: GitResult['ended'] = signal.aborted ? 'aborted' : undefined
      const nothing = { code: null, stdout: Buffer.alloc(0), stderr: '' }
      if (ended) return resolve({ ...nothing, ended, missing: false })
      const child = spawn('/bin/sh', ['-c', program, 'git', ...settings, ...args], {
        cwd,
        env: { ...this.#environment, ...environment },
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true,
      })
      const { pid } = child
      let blockedBy: string | undefined
      const end = (why: NonNullable<GitResult['ended']>) => {
        ended ??= why
        if (pid !== undefined) killGroup(pid)
      }
      const onAbort = () => end('aborted')
      const timer = setTimeout(() => end('timed_out'), timeoutMs)
      signal.addEventListener('abort', onAbort)
      const watching = startWatch(watch, what => {
        blockedBy = what
        end('blocked')
      })
      const stdout = collect(child.stdout, maxBytes, () => end('too_much'))
      const stderr = keepTail(child.stderr)
      const settle = (code: number | null, missing: boolean) => {
        clearTimeout(timer)
        watching.abort()
        signal.removeEventListener('abort', onAbort)
        if (pid !== undefined) this.#running.delete(pid)
        resolve({ code, stdout: stdout(), stderr: blockedBy ?? stderr(), ended, missing })
      }
      child.once('error', () => {
        // A working directory that is gone says the same as a shell that is not there.
        if (pid === undefined) settle(null, false)
      })
      child.once('exit', () => {
        // What git leaves behind when it goes (a helper that hangs) is of no use to anybody.
        if (pid !== undefined) killGroup(pid)
        const bound = setTimeout(() => {
          child.stdout.destroy()
          child.stderr.destroy()
        }, outputBoundMs)
        child.once('close', () => clearTimeout(bound))
      })
      child.once('close', code => {
        if (pid !== undefined) settle(ended ? null : code, !ended && code === notFoundCode)
      })
      // A git that has gone says so by its exit.
      child.stdin.on('error', () => {})
      child.stdin.end(input)
      if (pid !== undefined) this.#running.set(pid, closed(child))
    })
    return running
  }

  /** Ends whatever runs; what is asked for later is aborted. Resolves when all of it is gone. */
  async close(): Promise<void> {
    this.#closed.abort()
    await Promise.all(this.#running.values())
  }

  /** Ends whatever runs at once, without waiting: for a program that is about to exit. */
  killAll(): void {
    for (const pid of this.#running.keys()) killGroup(pid)
  }
}

function collect(stream: Readable, maxBytes: number, onTooMuch: () => void): () => Buffer {
  const chunks: Buffer[] = []
  let left = maxBytes
  stream.on('data', (chunk: Buffer) => {
    if (left < 0) return
    chunks.push(chunk.subarray(0, left))
    left -= chunk.length
    if (left < 0) onTooMuch()
  })
  return () => Buffer.concat(chunks)
}

function keepTail(stream: Readable): () => string {
  let tail = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    tail = (tail + text).slice(-stderrTailLength)
  })
  return () => tail
}

function startWatch(watch: GitCommand['watch'], onBlocked: (what: string) => void): AbortController {
  const watching = new AbortController()
  if (!watch) return watching
  const timer = setTimeout(async () => {
    // A watch that fails leaves git its time.
    const what = await watch(watching.signal).catch(() => undefined)
    if (what !== undefined && !watching.signal.aborted) onBlocked(what)
  }, watchDelayMs)
  watching.signal.addEventListener('abort', () => clearTimeout(timer))
  return watching
}

function closed(child: ChildProcess): Promise<unknown> {
  return new Promise(resolve => child.once('close', resolve))
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left in it.
  }
}
