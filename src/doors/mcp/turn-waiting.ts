import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type InputRequest,
  inputRequired,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { ApiError, type PermissionRequest } from '../../client/index.ts'
import { type CallState, toCallState } from './call-state.ts'
import { DirectChannel } from './direct-channel.ts'
import { toAnswer, toElicitation } from './elicitation.ts'
import { id } from './inputs.ts'
import { Progress } from './progress.ts'
import type { Channel, ElicitationModes, FormOrPage, Surroundings, TurnPosition } from './surroundings.ts'
import type { ToolResult } from './tool.ts'
import { followTurn, listOpenRequests } from './turn-following.ts'
import { toTurnResult } from './turn-report.ts'

interface Call {
  server: McpServer
  surroundings: Surroundings
  context: ServerContext
}

/** Returns the position of a call that continues: after elicitations, or after its stream was cut. */
export function findPosition({ surroundings, context }: Call, sessionId: string): TurnPosition | undefined {
  if (surroundings.channel?.resumed) return surroundings.channel.resumed
  const state = context.mcpReq.requestState<CallState>()
  return state && { sessionId, ...state, asked: [] }
}

/** The time at which a call stops waiting; null: with the turn. */
export function toEndOfWait(waitSeconds: number | undefined): number | null {
  return waitSeconds === undefined ? null : Date.now() + waitSeconds * 1000
}

/** Waits for the end of a turn. Asks the client about open requests, or returns them where it cannot be asked. */
export async function waitForTurn(call: Call, position: TurnPosition): Promise<ToolResult> {
  const { surroundings, context } = call
  const { client } = surroundings
  const modes = modesOf(call)
  const channel = surroundings.channel ?? openDirectChannel(call, modes)
  const { signal } = context.mcpReq
  const { sessionId, turnId } = position
  const returnNow = async () => {
    for (const permissionId of position.asked) await channel?.withdraw(permissionId)
    const session = client.session(sessionId)
    const turn = await session.getTurn(turnId, { signal })
    return toTurnResult(turn, await listOpenRequests(session, turnId, signal))
  }
  if (!(await giveAnswers(call, sessionId))) return returnNow()
  const late = new AbortController()
  const timer = startTimer(position.until, late)
  const patience = channel ? AbortSignal.any([late.signal, channel.dismissed]) : late.signal
  const progress = new Progress(context)
  try {
    channel?.moved(position)
    for (;;) {
      const pause = await followTurn({
        client,
        position,
        signal,
        patience,
        onEvent: async event => {
          channel?.moved(position)
          if (event.type === 'permission.resolved') {
            await channel?.withdraw(event.data.permissionId)
            position.asked = position.asked.filter(id => id !== event.data.permissionId)
          }
          await progress.report(event)
        },
      })
      if (pause.kind === 'ended') return toTurnResult(pause.turn)
      if (pause.kind === 'waited') return await returnNow()
      const asking = toElicitations(pause.requests, modes)
      if (!asking) return await returnNow()
      if (!channel) return toInputRequired(asking, position)
      await elicitNew(asking, position, channel)
    }
  } finally {
    clearTimeout(timer)
    progress.close()
  }
}

/** Since 2026-07-28, where requests have an envelope, an elicitation is the result of a call. */
function openDirectChannel({ surroundings, context }: Call, modes: ElicitationModes): Channel | undefined {
  if (context.mcpReq.envelope !== undefined) return undefined
  return new DirectChannel({
    modes,
    context,
    giveAnswer: ({ sessionId, permissionId }, result) =>
      giveAnswer(surroundings.client, sessionId, permissionId, result),
  })
}

function startTimer(until: number | null, late: AbortController): NodeJS.Timeout | undefined {
  if (until === null) return undefined
  return setTimeout(() => late.abort(), Math.max(0, until - Date.now()))
}

type Asking = { request: PermissionRequest; params: FormOrPage }[]

/** Undefined: there is a request that the client cannot be asked about. */
function toElicitations(requests: readonly PermissionRequest[], modes: ElicitationModes): Asking | undefined {
  const asking: Asking = []
  for (const request of requests) {
    const params = toElicitation(request, modes)
    if (!params) return undefined
    asking.push({ request, params })
  }
  return asking
}

function toInputRequired(asking: Asking, position: TurnPosition): ToolResult {
  const inputRequests: Record<string, InputRequest> = {}
  for (const { request, params } of asking) {
    inputRequests[request.permissionId] =
      params.mode === 'url'
        ? inputRequired.elicitUrl({ url: params.url, message: params.message })
        : inputRequired.elicit(params)
  }
  return inputRequired({ inputRequests, requestState: toCallState(position) })
}

async function elicitNew(asking: Asking, position: TurnPosition, channel: Channel): Promise<void> {
  for (const { request, params } of asking) {
    if (position.asked.includes(request.permissionId)) continue
    position.asked.push(request.permissionId)
    channel.moved(position)
    await channel.elicit(request, params)
  }
}

/** Takes the answers to elicitations that a repeated call brings along. Returns whether all of them are answers. */
async function giveAnswers({ surroundings, context }: Call, sessionId: string): Promise<boolean> {
  const { client } = surroundings
  const responses = Object.entries(context.mcpReq.inputResponses ?? {})
  let isComplete = (context.mcpReq.droppedInputResponseKeys ?? []).length === 0
  for (const [permissionId, response] of responses) {
    const isKnown = id.safeParse(permissionId).success
    const given = isKnown && giveAnswer(client, sessionId, permissionId, response).catch(toRefused)
    isComplete = (await given) && isComplete
  }
  return isComplete
}

/** An answer that the API refuses leaves the request open. */
function toRefused(error: unknown): false {
  if (error instanceof ApiError) return false
  throw error
}

/** Answers a request with the result of its elicitation. Returns whether that is an answer. */
export async function giveAnswer(
  client: Surroundings['client'],
  sessionId: string,
  permissionId: string,
  response: unknown,
): Promise<boolean> {
  const request = await client.call('getPermission', { params: { sessionId, permissionId } })
  const answer = toAnswer(request, response)
  if (!answer) return false
  await client.session(sessionId).answerIfPending(permissionId, answer)
  return true
}

function modesOf({ server, surroundings, context }: Call): ElicitationModes {
  if (surroundings.channel) return surroundings.channel.modes
  const envelope: Record<string, unknown> = context.mcpReq.envelope ?? {}
  const named = envelope[CLIENT_CAPABILITIES_META_KEY] as ClientCapabilities | undefined
  return toModes(named ?? server.server.getClientCapabilities())
}

/** A client that names no kind of elicitation shows forms. */
export function toModes(capabilities: ClientCapabilities | undefined): ElicitationModes {
  const { elicitation } = capabilities ?? {}
  const url = elicitation?.url !== undefined
  return { form: elicitation !== undefined && (elicitation.form !== undefined || !url), url }
}
