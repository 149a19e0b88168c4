import { ApiError, isTerminal, type PermissionMode, type SessionClient } from '../client/index.ts'
import { askPerson } from './chat-requests.ts'
import { type ClientFlags, checkId, createClient } from './client-flags.ts'
import { EventPrinter } from './event-printer.ts'
import { LineReader } from './line-reader.ts'
import { terminal } from './terminal.ts'

export interface ChatFlags extends ClientFlags {
  session?: string
  cwd?: string
  model?: string
  permissionMode?: PermissionMode
  title?: string
}

/** Talks with Claude on the terminal; from a pipe, each line is a prompt. */
export async function chat(flags: ChatFlags): Promise<void> {
  const session = await openSession(flags)
  const { isInteractive } = terminal
  if (isInteractive) terminal.line(`Session ${session.id}. Ctrl-C interrupts Claude, Ctrl-D leaves.`, 'dim')
  const conversation = new ChatLoop(session, isInteractive)
  await conversation.run()
}

async function openSession({
  session,
  cwd,
  model,
  permissionMode,
  title,
  ...flags
}: ChatFlags): Promise<SessionClient> {
  const client = createClient(flags)
  if (session === undefined) {
    return client.createSession({ cwd, model, permissionMode, title, permissionPrompts: 'ask' })
  }
  const existing = client.session(checkId(session))
  await existing.get()
  return existing
}

class ChatLoop {
  readonly #session: SessionClient
  readonly #isInteractive: boolean
  readonly #lines: LineReader
  readonly #leaving = new AbortController()
  /** The running turn; an empty text before it is known. */
  #turnId: string | undefined
  /** How often Ctrl-C was pressed since the last line. */
  #interrupts = 0

  constructor(session: SessionClient, isInteractive: boolean) {
    this.#session = session
    this.#isInteractive = isInteractive
    this.#lines = new LineReader(isInteractive, () => this.#interrupt())
  }

  async run(): Promise<void> {
    try {
      for (;;) {
        const line = await this.#lines.ask('> ')
        if (line === undefined) break
        this.#interrupts = 0
        if (line.trim() !== '' && !(await this.#runTurn(line))) break
      }
    } finally {
      this.#lines.close()
    }
    if (this.#isInteractive) {
      process.stdout.write('\n')
      terminal.line(`To continue: claude-code-api chat --session ${this.#session.id}`, 'dim')
    }
  }

  /** @returns whether there is to be another turn */
  async #runTurn(prompt: string): Promise<boolean> {
    const printer = new EventPrinter({ showsPrompts: false })
    this.#turnId = ''
    try {
      const options = { onRequest: askPerson(this.#lines), signal: this.#leaving.signal }
      for await (const event of this.#session.stream(prompt, options)) {
        if ('turnId' in event.data && typeof event.data.turnId === 'string') this.#turnId = event.data.turnId
        if (event.type !== 'permission.requested') printer.print(event)
        if (isTerminal(event.type) && event.type !== 'turn.completed' && !this.#isInteractive)
          process.exitCode = 1
      }
      return true
    } catch (error) {
      if (this.#leaving.signal.aborted) return false
      // A refused prompt is the person's to change; a session that is over takes no other.
      if (!(error instanceof ApiError) || !this.#isInteractive || error.status === 410) throw error
      terminal.line(`[${error.code}: ${error.message}]`, 'red')
      return true
    } finally {
      this.#turnId = undefined
    }
  }

  #interrupt(): void {
    this.#interrupts++
    if (this.#turnId === undefined) {
      if (this.#interrupts > 1) this.#lines.close()
      else {
        process.stdout.write('\n')
        terminal.line('[Ctrl-C again leaves]', 'dim')
        this.#lines.again()
      }
      return
    }
    if (this.#interrupts > 1) {
      this.#leaving.abort(new Error('left'))
      return
    }
    process.stdout.write('\n')
    terminal.line('[interrupting; Ctrl-C again leaves]', 'dim')
    const which = this.#turnId === '' ? {} : { turnId: this.#turnId }
    this.#session.interrupt(which).catch(error => this.#leaving.abort(error))
  }
}
