import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** A process that the demo has started, with its output in a file. */
export interface Program {
  readonly pid: number
  /** Resolves when it has ended, with its signal or exit code. */
  readonly ended: Promise<string>
  readonly isRunning: boolean
  /** In the time of `performance.now()`; undefined: it runs. */
  readonly endedAt: number | undefined
  output(): string
  /** Resolves with the first match in its output. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  /** Sends the signal, and SIGKILL if it has not ended in time. */
  end(signal: NodeJS.Signals, boundMs: number): Promise<void>
}

/**
 * Starts a program with exactly this environment, in a session of its own: Ctrl-C on the terminal reaches the demo alone,
 * which ends what it has started in order.
 */
export function startProgram(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  logFile: string,
): Program {
  const log = openSync(logFile, 'a', 0o600)
  const from = readFileSync(logFile, 'utf8').length
  const child = spawn(command, args, { detached: true, env, stdio: ['ignore', log, log] })
  const ended = whenEnded(child)
  let end: string | undefined
  let endedAt: number | undefined
  void ended.then(text => {
    end = text
    endedAt = performance.now()
  })
  const output = () => readFileSync(logFile, 'utf8').slice(from)
  return {
    pid: child.pid ?? 0,
    ended,
    output,
    get endedAt() {
      return endedAt
    },
    get isRunning() {
      return end === undefined
    },
    async says(pattern) {
      for (;;) {
        const isOver = end !== undefined
        const found = pattern.exec(output())
        if (found) return found
        if (isOver) throw new Error(`${command} ended (${end}): ${output().slice(-2_000)}`)
        await pause(50)
      }
    },
    async end(signal, boundMs) {
      if (end !== undefined) return
      const bound = setTimeout(() => child.kill('SIGKILL'), boundMs)
      child.kill(signal)
      // A process that was stopped takes the signal when it continues.
      child.kill('SIGCONT')
      await ended
      clearTimeout(bound)
    },
  }
}

function whenEnded(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
}
