import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { compiled } from './compiled.ts'
import { endsLater } from './lifetime.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
const serverProgram = join(import.meta.dirname, 'server-program.ts')

export interface Cli {
  child: ChildProcessByStdio<Writable | null, Readable, Readable>
  stdout(): string
  stderr(): string
  /** Resolves with everything on standard output once the text has come; rejects when the program ends before. */
  said(text: string | RegExp): Promise<string>
  /** Resolves with the exit code once it has ended and all was read. */
  ended: Promise<number | null>
}

/** The program itself, in a process of its own with exactly this environment; ended with its test, or with those that share it. */
export function openCli(args: string[], env: Record<string, string>): Cli {
  return openProgram(main, args, env)
}

export interface Typed extends Cli {
  type(text: string): void
}

/** The program with a standard input: a pipe, or a terminal of its own by the program `script`. */
export function openTyped(args: string[], env: Record<string, string>, isTerminal: boolean): Typed {
  const command = [process.execPath, main, ...args]
  const [program = '', ...rest] = isTerminal
    ? ['script', '--quiet', '--return', '--command', command.join(' '), '/dev/null']
    : command
  const child = spawn(program, rest, {
    env: { TERM: 'xterm', ...compiled, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  return { ...watch(child), type: text => void child.stdin.write(text) }
}

/**
 * The same with options that the command line does not have.
 *
 * @param program left out: the one beside this file
 */
export function openServerProgram(
  options: object,
  env: Record<string, string>,
  program: string = serverProgram,
): Cli {
  return openProgram(program, [JSON.stringify({ host: '127.0.0.1', port: 0, ...options })], env)
}

function openProgram(program: string, args: string[], env: Record<string, string>): Cli {
  return watch(
    spawn(process.execPath, [program, ...args], {
      env: { ...compiled, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
}

/** A program that was started, with what it says; ended with its test. */
export function watch(child: Cli['child']): Cli {
  const texts = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', text => {
    texts.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    texts.stderr += text
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  endsLater(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await ended
  })
  return {
    child,
    ended,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    said: text =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (typeof text === 'string' ? texts.stdout.includes(text) : text.test(texts.stdout))
            resolve(texts.stdout)
        }
        child.stdout.on('data', look)
        void ended.then(code => reject(new Error(`ended with ${code}: ${texts.stdout}${texts.stderr}`)))
        look()
      }),
  }
}
