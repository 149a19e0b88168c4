import type { IncomingMessage } from 'node:http'
import type { Prompt } from './prompt.ts'
import { shorten } from './tour-item.ts'

const keptRequests = 1000
const keptCharacters = 200

/** A short record of a request from Claude Code. Fields are filled in while it is served. */
export interface ModelRequest {
  readonly method: string
  readonly path: string
  /** Claude Code's session, which is also in its frames. */
  readonly sessionId: string | undefined
  /** Set for requests of a subagent. */
  readonly agentId: string | undefined
  /** For a prompt, for Claude Code's own needs (a title, a summary), for a count of tokens, or none of these. */
  kind: 'prompt' | 'side' | 'count' | 'other'
  model?: string
  stream?: boolean
  /** The latest prompt, cut to 200 characters. */
  prompt?: string
  round?: number
  /** Which item of the tour answered, or `script`. */
  answeredBy?: string
  status?: number | undefined
  /** `broken` when the connection ended before the answer did, from either side. */
  outcome?: 'answered' | 'broken'
  /** Only with `record`. */
  body?: unknown
}

export interface RequestLog {
  readonly entries: readonly ModelRequest[]
  add(request: IncomingMessage): ModelRequest
  describe(entry: ModelRequest, kind: ModelRequest['kind'], body: unknown, prompt?: Prompt): void
}

/** A log of the latest 1000 requests. Headers are left out: they hold the key. */
export function createRequestLog(record: boolean): RequestLog {
  const entries: ModelRequest[] = []
  return {
    entries,
    add(request) {
      const entry: ModelRequest = {
        method: request.method ?? '',
        path: (request.url ?? '').replace(/\?.*/s, ''),
        sessionId: toHeader(request, 'x-claude-code-session-id'),
        agentId: toHeader(request, 'x-claude-code-agent-id'),
        kind: 'other',
      }
      entries.push(entry)
      if (entries.length > keptRequests) entries.shift()
      return entry
    },
    describe(entry, kind, body, prompt) {
      entry.kind = kind
      if (record) entry.body = body
      if (!prompt) return
      entry.model = prompt.model
      entry.stream = (body as { stream?: unknown }).stream === true
      entry.prompt = shorten(prompt.text, keptCharacters)
      entry.round = prompt.round
    },
  }
}

function toHeader(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}
