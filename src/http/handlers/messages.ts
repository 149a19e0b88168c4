import { ServiceError } from '../../contract/errors.ts'
import type { SendMessageResponse } from '../../contract/messages.ts'
import { toJsonLine } from '../../lib/json-line.ts'
import { unlessAborted } from '../../lib/unless-aborted.ts'
import type { SessionRecord, TurnRecord } from '../../sessions/records.ts'
import type { Submission } from '../../sessions/turns/turn-request.ts'
import type { Exchange, Handlers } from '../handler.ts'
import { retryTurn, submitTurn, TurnWatchers } from '../idempotency.ts'
import type { HttpDeps } from '../options.ts'
import { openPage } from '../pagination.ts'
import { timedOut, toAnswer } from '../turn-outcome.ts'
import { toCompactMessage, toMessagePageJson, toStoredMessageJson } from '../wire.ts'

/** How long after its timeout a turn may take to stop before the caller is answered without waiting for it. */
const settleGraceMs = 750

type SendExchange = Exchange<'sendMessage'>
type WaitExchange = SendExchange | Exchange<'retryTurn'>

export function messageHandlers(
  deps: HttpDeps,
): Pick<Handlers, 'sendMessage' | 'retryTurn' | 'listMessages'> {
  const watchers = new TurnWatchers()
  return {
    async sendMessage(exchange) {
      const { caller, params, body, baseUrl } = exchange
      const { service } = deps
      if (body.stream) {
        const { session } = await service.get(caller, params.sessionId)
        refuseWhenOver(session)
        return { status: 200, body: toPointer(exchange) }
      }
      const submission = await submitTurn(deps, exchange, {
        prompt: body.prompt,
        timeoutMs: body.timeout,
        onBusy: body.onBusy,
        commands: body.commands,
      })
      if (body.background) return { status: 202, body: toAccepted(submission.turn, baseUrl) }
      return { status: 200, body: await waitForAnswer(deps, exchange, submission, watchers) }
    },

    async retryTurn(exchange) {
      const { body, baseUrl } = exchange
      const submission = await retryTurn(deps, exchange)
      if (body.background) return { status: 202, body: toAccepted(submission.turn, baseUrl) }
      return { status: 200, body: await waitForAnswer(deps, exchange, submission, watchers) }
    },

    async listMessages({ caller, params: { sessionId }, query }) {
      const list = openPage(query, ['messages', sessionId])
      const after = list.key === undefined ? query.after : Number(list.key[0])
      const which = { ...(after !== undefined && { after }), countsAll: list.key !== undefined }
      const shown = { limit: query.limit, offset: query.offset, ...which }
      const isCompact = query.view === 'compact'
      const text = isCompact ? undefined : await deps.service.readMessages(caller, sessionId, shown)
      if (text) {
        const last = text.lastSequence === undefined ? undefined : [text.lastSequence]
        const pagination = list.paginate(last, text.hasMore, text.total)
        return { status: 200, json: toMessagePageJson({ sessionId, pagination }, text.json) }
      }
      const page = { ...list.page, ...which }
      const { messages, total } = await deps.service.listMessages(caller, sessionId, page)
      const { items, pagination } = list.close(messages, total, ({ sequence }) => [sequence])
      const reader = deps.service.messages
      const shownItems = isCompact
        ? items.flatMap(item => toCompactMessage(item, reader) ?? []).map(toJsonLine)
        : items.map(item => toStoredMessageJson(item, reader))
      const json = Buffer.from(shownItems.join())
      return { status: 200, json: toMessagePageJson({ sessionId, pagination }, json) }
    },
  }
}

/** Rejects when the wait is over before the turn: its time is up, the client is gone, or the server closes. */
async function waitForAnswer(
  deps: HttpDeps,
  exchange: WaitExchange,
  { turn, ended }: Submission,
  watchers: TurnWatchers,
): Promise<SendMessageResponse> {
  const { caller, params, body, clientGone, stop, log } = exchange
  const leave = watchers.enter(exchange, turn)
  let isLast = false
  const late = new AbortController()
  const left = turn.timeoutMs + settleGraceMs - deps.service.ageOf(turn)
  const timer = turn.timeoutMs > 0 ? setTimeout(() => late.abort(timedOut(turn)), left) : undefined
  try {
    const end = await unlessAborted(ended, stop, late.signal).finally(() => {
      isLast = leave()
    })
    return toAnswer(end.turn, end.claudeSessionId)
  } catch (error) {
    if (isLast && clientGone.aborted && body.onDisconnect === 'interrupt') {
      log.info({ turnId: turn.id }, 'client disconnected; interrupting its turn')
      await deps.service.interrupt(caller, params.sessionId, { turnId: turn.id, clearQueue: false })
    }
    // The turn stays accepted; a retry without a key would run it twice.
    if (error instanceof ServiceError && error.code === 'SHUTTING_DOWN') {
      throw new ServiceError('SHUTTING_DOWN', 'The server is shutting down; the turn is kept', {
        turnId: turn.id,
      })
    }
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function refuseWhenOver({ id, status }: SessionRecord): void {
  if (status === 'expired') throw new ServiceError('SESSION_EXPIRED', `Session ${id} has expired`)
  if (status === 'ended') throw new ServiceError('SESSION_ENDED', `Session ${id} has ended`)
}

function toPointer({ baseUrl, params, body, idempotency }: SendExchange) {
  const { prompt, timeout, commands, onBusy, onDisconnect } = body
  return {
    message: 'Send the body to streamUrl to receive the answer as server-sent events',
    streamUrl: `${baseUrl}/sessions/${params.sessionId}/stream`,
    method: 'POST' as const,
    headers: {
      'Content-Type': 'application/json',
      Accept: 'text/event-stream',
      ...(idempotency && { 'Idempotency-Key': idempotency.key }),
    },
    body: {
      prompt,
      timeout,
      ...(commands && { commands }),
      ...(onBusy !== 'queue' && { onBusy }),
      ...(onDisconnect && { onDisconnect }),
    },
  }
}

function toAccepted(turn: TurnRecord, baseUrl: string) {
  const session = `${baseUrl}/sessions/${turn.sessionId}`
  return {
    turnId: turn.id,
    sessionId: turn.sessionId,
    status: 'queued' as const,
    eventsUrl: `${session}/events?turnId=${turn.id}`,
    turnUrl: `${session}/turns/${turn.id}`,
  }
}
