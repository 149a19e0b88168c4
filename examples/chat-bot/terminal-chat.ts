import { createInterface } from 'node:readline'
import type { ChatAdapter } from './chat-adapter.ts'

/** A chat in place of a real one: lines `thread: text` are messages, lines `thread! label` press a button. */
export class TerminalChat implements ChatAdapter {
  readonly #pressing = new Map<string, (label: string) => void>()

  async *messages() {
    for await (const line of createInterface({ input: process.stdin })) {
      const [, thread = '', kind, text = ''] = /^(\w+)([:!])\s*(.*)$/.exec(line) ?? []
      if (kind === ':') yield { thread, text }
      if (kind === '!') this.#pressing.get(thread)?.(text)
    }
  }

  async post(thread: string, text: string): Promise<void> {
    process.stdout.write(`${thread}: ${text}\n`)
  }

  ask(thread: string, text: string, labels: readonly string[], signal: AbortSignal): Promise<string> {
    process.stdout.write(`${thread}: ${text} [${labels.join('] [')}]\n`)
    return new Promise((resolve, reject) => {
      this.#pressing.set(thread, label => labels.includes(label) && resolve(label))
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }
}
