import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { GitBox, GitReach } from './git-box.ts'

/** Settings that override those of repositories, which may name programs to run. */
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
/** The shell's exit code if git is missing. */
const notFoundCode = 127
/** The exit code of git itself for fatal errors. */
const refusedCode = 128
const stderrTailLength = 16 * 1024
/** The delay before the watch begins; most runs are over by then. */
const watchDelayMs = 100
/** The address space of a git process in KiB, so that an endless file cannot use up the machine's memory. */
const maxMemoryKib = 4 * 1024 * 1024
/** On systems without this limit (macOS), git runs without it. */
const program = `ulimit -v ${maxMemoryKib} 2>/dev/null; exec git "$@"`
/** The time from git's exit to the end of its output, which a child process may hold open. */
const outputBoundMs = 1_000

export interface GitCommand {
  cwd: string
  /** Variables in addition to the common environment. */
  environment?: Readonly<Record<string, string>>
  timeoutMs: number
  signal?: AbortSignal | undefined
  /** The files that git may reach, if there are boxes; undefined: git works on nothing that an agent can write. */
  reach?: GitReach | undefined
  input?: string | Buffer
  /** The output limit at which git is ended. Default: 64 MiB. */
  maxBytes?: number
  /**
   * Runs beside a git that takes longer than usual. If it resolves with a text, git is ended; the text says what git
   * would wait for.
   */
  watch?: (signal: AbortSignal) => Promise<string | undefined>
}

export interface GitResult {
  /** null: git was ended. */
  code: number | null
  stdout: Buffer
  /** The end of git's output; it may contain paths and URLs, so it is only for the log. */
  stderr: string
  /** Why git was ended early. */
  ended: 'timed_out' | 'aborted' | 'too_much' | 'blocked' | undefined
  /** Git is not installed. */
  missing: boolean
}

/**
 * Runs git with an isolated environment: no settings except those of the repository, no hooks, no prompts. Each run has
 * its own process group, which is ended as a whole.
 */
export class Git {
  readonly #environment: Readonly<Record<string, string>>
  readonly #closed = new AbortController()
  readonly #box: GitBox | undefined
  readonly #running = new Map<number, Promise<unknown>>()

  /**
   * @param environment the server's variables that git may have: paths of programs, certificates and proxies
   * @param home a home directory without `.netrc`, keys or settings of a user
   * @param box undefined: git runs without a box
   */
  constructor(environment: Readonly<Record<string, string>>, home: string, box?: GitBox) {
    this.#box = box
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

  /** Never rejects; errors are in the result. */
  run(args: readonly string[], command: GitCommand): Promise<GitResult> {
    const { cwd, environment = {}, timeoutMs, input, maxBytes = 64 * 1024 * 1024, watch } = command
    const settings = safeSettings.flatMap(setting => ['-c', setting])
    const signal = AbortSignal.any([this.#closed.signal, ...(command.signal ? [command.signal] : [])])
    const running = new Promise<GitResult>(resolve => {
      let ended: GitResult['ended'] = signal.aborted ? 'aborted' : undefined
      const nothing = { code: null, stdout: Buffer.alloc(0), stderr: '' }
      if (ended) return resolve({ ...nothing, ended, missing: false })
      const plain = ['-c', program, 'git', ...settings, ...args]
      const boxed = this.#wrap(plain, command)
      if (boxed instanceof Error) {
        return resolve({ ...nothing, code: refusedCode, stderr: boxed.message, ended, missing: false })
      }
      const child = spawn('/bin/sh', boxed?.args ?? plain, {
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
        void boxed?.release()
        resolve({ code, stdout: stdout(), stderr: blockedBy ?? stderr(), ended, missing })
      }
      child.once('error', () => {
        // A missing working directory causes the same error as a missing shell.
        if (pid === undefined) settle(null, false)
      })
      child.once('exit', () => {
        // Processes that outlive git, such as a hanging helper, are useless.
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
      // If git is already gone, its exit event reports that.
      child.stdin.on('error', () => {})
      child.stdin.end(input)
      if (pid !== undefined) this.#running.set(pid, closed(child))
    })
    return running
  }

  /** Returns the arguments of a shell; an error if the files cannot be reached in a box. */
  #wrap(plain: readonly string[], { cwd, reach }: GitCommand) {
    if (!this.#box || !reach) return undefined
    try {
      return this.#box.wrap(reach, cwd, ['/bin/sh', ...plain])
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  /** Ends all runs and aborts later ones. Resolves when all processes are gone. */
  async close(): Promise<void> {
    this.#closed.abort()
    await Promise.all(this.#running.values())
  }

  /** Ends all runs at once without waiting, for a program that is about to exit. */
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
    // A failed watch lets git run on.
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
    // The group is empty.
  }
}
