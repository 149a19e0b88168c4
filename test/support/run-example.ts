import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { compiled } from './compiled.ts'
import { until } from './open-sessions.ts'

export const examples = join(import.meta.dirname, '../../examples')

export interface Example {
  child: ChildProcessByStdio<Writable, Readable, Readable>
  said(): string
  complained(): string
  /** Waits until it has said this. */
  says(text: string): Promise<void>
  /** Resolves with its exit code. */
  ended: Promise<number | null>
}

const interpreters: Record<string, string> = { ts: process.execPath, py: 'python3', sh: 'sh' }

/** An example as its users start it, with exactly this environment; ended after the test. */
export function runExample(name: string, args: readonly string[], env: Record<string, string>): Example {
  const interpreter = interpreters[name.split('.').at(-1) ?? ''] ?? ''
  const child = spawn(interpreter, [join(examples, name), ...args], {
    env: { ...compiled, PATH: '/usr/local/bin:/usr/bin:/bin', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const texts = { said: '', complained: '' }
  child.stdout.setEncoding('utf8').on('data', piece => {
    texts.said += piece
  })
  child.stderr.setEncoding('utf8').on('data', piece => {
    texts.complained += piece
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await ended
  })
  return {
    child,
    ended,
    said: () => texts.said,
    complained: () => texts.complained,
    says: text => until(() => texts.said.includes(text) || child.exitCode !== null),
  }
}
