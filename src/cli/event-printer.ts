import { type BlockView, readMessage, type SessionEvent, type ShownMessage } from '../client/index.ts'
import { shorten, terminal } from './terminal.ts'

const longestLine = 160

/** Prints the events of a conversation for people: text as it is written, a line for each tool call and its result. */
export class EventPrinter {
  /** The text of blocks of which pieces were printed. */
  #streamed = ''
  readonly #showsPrompts: boolean

  /** @param showsPrompts is false where the person has just typed them */
  constructor({ showsPrompts }: { showsPrompts: boolean }) {
    this.#showsPrompts = showsPrompts
  }

  print(event: SessionEvent): void {
    switch (event.type) {
      case 'delta':
        if (event.data.delta.type !== 'text') return
        this.#streamed += event.data.delta.text
        terminal.text(event.data.delta.text)
        return
      case 'delta.voided':
      case 'reconnected':
        if (this.#streamed !== '') this.#note('the connection broke; the text starts again')
        return
      case 'message': {
        const shown = readMessage(event.data)
        if (shown) this.#printMessage(shown, event.data.synthetic === true)
        return
      }
      case 'permission.requested':
        this.#note(`${event.data.title ?? event.data.toolName}: waiting for an answer`)
        return
      case 'permission.resolved':
        this.#note(`${event.data.title ?? event.data.toolName}: ${event.data.status}`)
        return
      case 'turn.completed':
      case 'turn.interrupted':
      case 'turn.failed':
      case 'turn.timed_out':
      case 'turn.lost':
        this.#printEnd(event.data)
        return
      case 'session.ended':
      case 'session.expired':
        this.#note(event.type === 'session.ended' ? 'the session has ended' : 'the session has expired')
        return
      case 'conversation.lost':
        this.#note('Claude has lost a part of the conversation')
        return
      case 'workspace.restored':
        this.#note('the working directory was restored on another machine')
        return
    }
  }

  #printMessage({ role, blocks, changes, parentCallId }: ShownMessage, isSynthetic: boolean): void {
    const indent = parentCallId === null ? '' : '  '
    if (role === 'user' && blocks.length > 0 && !isSynthetic && parentCallId === null && this.#showsPrompts) {
      this.#break()
      terminal.line(`> ${blocks.map(textOf).join(' ')}`, 'bold')
    }
    if (role === 'system') this.#note(blocks.map(textOf).join(' '))
    if (role === 'assistant') for (const block of blocks) this.#printBlock(block, indent)
    for (const { fields } of changes) {
      const { result } = fields
      if (!result) continue
      const text = shorten(result.blocks.map(textOf).join(' '), longestLine)
      this.#break()
      terminal.line(
        `${indent}  ${result.isError ? 'failed: ' : '-> '}${text}`,
        result.isError ? 'red' : 'dim',
      )
    }
  }

  #printBlock(block: BlockView, indent: string): void {
    if (block.type === 'text') {
      const isRest = indent === '' && this.#streamed !== '' && block.text.startsWith(this.#streamed)
      if (!isRest) this.#break()
      terminal.text(isRest ? block.text.slice(this.#streamed.length) : `${indent}${block.text}`)
      this.#streamed = ''
      process.stdout.write('\n')
    } else if (block.type === 'tool_call') {
      this.#break()
      terminal.line(
        `${indent}* ${block.name} ${shorten(JSON.stringify(block.input) ?? '', longestLine)}`,
        'cyan',
      )
    }
  }

  #printEnd(end: {
    status: string
    durationMs: number | null
    costUsd?: number | null
    error?: { message: string }
  }): void {
    const { status, durationMs, costUsd = null, error } = end
    const facts = [
      status,
      ...(error ? [shorten(error.message, 500)] : []),
      ...(durationMs === null ? [] : [`${(durationMs / 1000).toFixed(1)} s`]),
      ...(costUsd === null ? [] : [`$${costUsd.toFixed(4)}`]),
    ]
    this.#note(facts.join(', '))
  }

  #note(text: string): void {
    this.#break()
    terminal.line(`[${text}]`, 'dim')
  }

  /** Begins a new line after text that was not finished. */
  #break(): void {
    if (this.#streamed !== '') process.stdout.write('\n')
    this.#streamed = ''
  }
}

function textOf(block: BlockView): string {
  if (block.type === 'text' || block.type === 'thinking') return block.text
  if (block.type === 'file') return `[${block.kind}]`
  return block.type === 'tool_call' ? (block.name ?? '') : JSON.stringify(block.value)
}
