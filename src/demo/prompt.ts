import {
  asksForSummary,
  findDeferredTools,
  findWorkingDirectory,
  isNotification,
  toPersonText,
  withoutReminders,
} from './injected-text.ts'

/** The result of a tool. */
export interface ToolResult {
  toolUseId: string
  /** The tool's name, from the call that this answers; empty when the conversation no longer holds the call. */
  name: string
  content: string
  isError: boolean
}

/** An earlier prompt with the model's answers. */
export interface Exchange {
  prompt: string
  answer: string
}

/** A request to the model, parsed as the conversation that it continues. */
export interface Prompt {
  /**
   * The person's latest words, without Claude Code's own. Empty for a turn without a prompt (a background task
   * has ended). Claude Code merges a prompt that got no answer with the next: only the latter counts.
   */
  text: string
  /** How many messages of the assistant came since: 0 at first, one more with each round of tools. */
  round: number
  /** The results of the latest round of tools. */
  toolResults: readonly ToolResult[]
  /** The earlier conversation, oldest first. */
  history: readonly Exchange[]
  model: string
  /** The names of the tools that may be called. */
  tools: readonly string[]
  /** The working directory that Claude Code reports to the model. */
  workingDirectory: string | undefined
  /** Whether Claude Code asks for a summary of the conversation instead of an answer. */
  wantsSummary: boolean
  /** Aborts if the client disconnects before the answer is complete. */
  signal: AbortSignal
}

type Event =
  | { kind: 'prompt'; text: string }
  | { kind: 'result'; result: ToolResult }
  | { kind: 'answer'; text: string }

/** Parses the body of a request to the Messages API; ignores parts with an unexpected shape. */
export function parsePrompt(body: unknown, signal: AbortSignal): Prompt {
  const request = toRecord(body)
  const messages = toList(request.messages).map(toRecord)
  const { events, wantsSummary } = toEvents(messages)
  const latest = events.findLastIndex(event => event.kind === 'prompt')
  const prompt = events[latest]
  const told = toReminders(request, messages)
  return {
    text: prompt?.kind === 'prompt' ? prompt.text : '',
    round: events.slice(latest + 1).filter(event => event.kind === 'answer').length,
    toolResults: toLatestResults(events),
    history: toHistory(events.slice(0, Math.max(latest, 0))),
    model: toText(request.model),
    tools: [
      ...toList(request.tools).map(tool => toText(toRecord(tool).name)),
      ...told.flatMap(findDeferredTools),
    ],
    workingDirectory: told.map(findWorkingDirectory).findLast(directory => directory !== undefined),
    wantsSummary,
    signal,
  }
}

function toEvents(messages: readonly Record<string, unknown>[]): { events: Event[]; wantsSummary: boolean } {
  const events: Event[] = []
  const toolNames = new Map<string, string>()
  let wantsSummary = false
  for (const message of messages) {
    const blocks = toBlocks(message.content)
    if (message.role === 'assistant') {
      for (const block of blocks)
        if (block.type === 'tool_use') toolNames.set(toText(block.id), toText(block.name))
      events.push({ kind: 'answer', text: joinTexts(blocks) })
    }
    if (message.role !== 'user') continue
    for (const [index, block] of blocks.entries()) {
      if (block.type === 'tool_result') {
        const toolUseId = toText(block.tool_use_id)
        const name = toolNames.get(toolUseId) ?? ''
        const content = withoutReminders(joinTexts(toBlocks(block.content)))
        events.push({
          kind: 'result',
          result: { toolUseId, name, content, isError: block.is_error === true },
        })
      }
      if (block.type !== 'text') continue
      // To each block that it merges with a later one, Claude Code adds the end of a line.
      const isMerged = index < blocks.length - 1
      const words = isMerged ? toText(block.text).replace(/\n$/, '') : toText(block.text)
      wantsSummary = asksForSummary(words)
      if (wantsSummary) continue
      const text = toPersonText(words)
      if (text.trim() !== '') events.push({ kind: 'prompt', text })
      else if (isNotification(words)) events.push({ kind: 'prompt', text: '' })
    }
  }
  return { events, wantsSummary }
}

function toLatestResults(events: readonly Event[]): ToolResult[] {
  const since = events.slice(events.findLastIndex(event => event.kind === 'answer') + 1)
  return since.flatMap(event => (event.kind === 'result' ? [event.result] : []))
}

function toHistory(events: readonly Event[]): Exchange[] {
  const history: Exchange[] = []
  for (const event of events) {
    if (event.kind === 'prompt') history.push({ prompt: event.text, answer: '' })
    const last = history.at(-1)
    if (event.kind === 'answer' && event.text !== '' && last)
      last.answer += last.answer === '' ? event.text : `\n${event.text}`
  }
  return history
}

/** Returns what Claude Code tells the model, without the person's words: those must not pass for its own. */
function toReminders(
  request: Record<string, unknown>,
  messages: readonly Record<string, unknown>[],
): string[] {
  const told = messages.flatMap(message =>
    toBlocks(message.content)
      .map(block => toText(block.text))
      .filter(words => message.role === 'system' || words.startsWith('<system-reminder>')),
  )
  return [...toBlocks(request.system).map(block => toText(block.text)), ...told]
}

function toBlocks(content: unknown): Record<string, unknown>[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : toList(content).map(toRecord)
}

function joinTexts(blocks: readonly Record<string, unknown>[]): string {
  return blocks
    .filter(block => block.type === 'text')
    .map(block => toText(block.text))
    .join('\n')
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
