import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { type CompactMessage, readMessage, type SessionEvent } from '../../client/index.ts'
import { toShownTool } from '../../contract/client-requests.ts'
import { cursor, pageSize, sessionId } from './inputs.ts'
import { describeBlock } from './progress.ts'
import type { Surroundings } from './surroundings.ts'
import { addTool, toPageText, toResult } from './tool.ts'
import { showRequest } from './turn-report.ts'

/** The bound of a page of events, in characters. */
const mostText = 200_000

export function addHistoryTools(server: McpServer, surroundings: Surroundings): void {
  const { client } = surroundings
  addTool(server, surroundings, 'read_history', {
    title: 'Read the conversation',
    description: 'Returns messages of a session in order, as a person reads them.',
    inputSchema: z.strictObject({
      sessionId,
      after: z.int().min(0).optional().describe('Only messages after this sequence'),
      limit: pageSize(200, 50),
      cursor,
    }),
    annotations: { readOnlyHint: true, openWorldHint: false },
    async run({ sessionId, ...query }, { mcpReq: { signal } }) {
      const input = { params: { sessionId }, query: { ...query, view: 'compact' as const } }
      const { messages, pagination } = await client.call('listMessages', input, { signal })
      const compact = messages as CompactMessage[]
      const { nextCursor } = pagination
      const lines = compact.flatMap(message => [describeMessage(message), ''])
      const text = toPageText(lines, 'No messages', nextCursor).trimEnd()
      return toResult(text, { messages: compact, nextCursor })
    },
  })
  addTool(server, surroundings, 'follow_events', {
    title: 'Follow a session',
    description:
      'Returns the events of a session after a sequence: messages, turns, requests. Waits for the next one if there is none yet. Continue with `nextAfter`.',
    inputSchema: z.strictObject({
      sessionId,
      after: z.int().min(0).default(0).describe('The sequence of the last event that you know'),
      limit: z.int().min(1).max(200).default(50).describe('The most events to return'),
      waitSeconds: z.number().min(0).max(3_600).default(30).describe('How long to wait for the next event'),
    }),
    annotations: { readOnlyHint: true, openWorldHint: false },
    async run({ sessionId, after, limit, waitSeconds }, { mcpReq: { signal } }) {
      const events: Record<string, unknown>[] = []
      let nextAfter = after
      let size = 0
      let isLive = false
      const patience = new AbortController()
      let timer: NodeJS.Timeout | undefined
      try {
        const options = { after, retries: 8, signal: AbortSignal.any([signal, patience.signal]) }
        for await (const event of client.session(sessionId).follow(options)) {
          const shown = showEvent(event)
          size += shown ? JSON.stringify(shown).length : 0
          if (events.length > 0 && size > mostText) break
          if (shown) events.push(shown)
          if ('sequence' in event.data) nextAfter = Math.max(nextAfter, event.data.sequence)
          if (event.type === 'caught_up') {
            isLive = true
            timer ??= setTimeout(() => patience.abort(), waitSeconds * 1000)
          }
          if (events.length >= limit || (isLive && (events.length > 0 || waitSeconds === 0))) break
        }
      } catch (error) {
        if (!patience.signal.aborted) throw error
      } finally {
        clearTimeout(timer)
      }
      const lines = events.length > 0 ? events.map(describeEvent) : ['No events']
      return toResult([...lines, `[continue with after ${nextAfter}]`].join('\n'), { events, nextAfter })
    },
  })
}

function describeMessage(message: CompactMessage): string {
  const { role, text, tools = [], results = [], files = [], sequence } = message
  const calls = tools.map(({ name, summary }) => `* ${toShownTool(name)} ${summary}`)
  const outcomes = results.map(({ text, error }) => `${error ? 'failed: ' : '-> '}${text}`)
  const attached = files.map(({ kind, title }) => `* ${kind} ${title ?? ''}`.trimEnd())
  const said = text === undefined ? [] : [text]
  return [`[${sequence}] ${role}:`, ...said, ...attached, ...calls, ...outcomes].join('\n')
}

function describeEvent({ sequence, type, sessionId: _, ...data }: Record<string, unknown>): string {
  return `${sequence} ${type} ${JSON.stringify(data)}`
}

/** An event as far as a client of this door needs it; undefined: it is not stored, or has nothing to read. */
function showEvent({ type, data }: SessionEvent): (Record<string, unknown> & { type: string }) | undefined {
  if (!('sequence' in data) || type === 'caught_up' || type === 'gap') return undefined
  if (type === 'message') {
    const shown = readMessage(data)
    const { sequence, timestamp, turnId = null } = data
    const text = shown?.blocks.map(describeBlock).filter(part => part !== undefined)
    if (!shown || !text?.length) return undefined
    return { type, sequence, timestamp, turnId, role: shown.role, text: text.join('\n') }
  }
  if (type === 'permission.requested' || type === 'permission.resolved') {
    return { type, sequence: data.sequence, timestamp: data.timestamp, ...showRequest(data) }
  }
  return { type, ...data }
}
