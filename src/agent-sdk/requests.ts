import type { CanUseTool, ElicitationRequest, OnElicitation } from '@anthropic-ai/claude-agent-sdk'
import {
  type AnswerPermissionRequest,
  isApiError,
  OpenRequests,
  type PermissionRequest,
  type SessionClient,
  type SessionEvent,
} from '../client/index.ts'
import type { ClientHooks } from './client-hooks.ts'
import type { ClientToolPermissions } from './client-tool-permissions.ts'
import type { ClientTools } from './client-tools.ts'
import { toServerOutput } from './hook-outputs.ts'
import { toPermissionResult } from './permission-results.ts'
import { toAnswer, toCallContext } from './tool-permissions.ts'
import { toToolAnswer } from './tool-results.ts'

interface Parts {
  session: SessionClient
  canUseTool: CanUseTool | undefined
  onElicitation: OnElicitation | undefined
  tools: ClientTools
  toolPermissions: ClientToolPermissions
  hooks: ClientHooks
  /** The query cannot continue: a callback wants what the server cannot do. */
  onFault(error: unknown): void
}

type Answer = AnswerPermissionRequest & { interruptAfter?: boolean }

/** Answers the requests of a session by the callbacks of the program. */
export class Requests {
  readonly #parts: Parts
  readonly #open = new OpenRequests((request, signal) => this.#take(request, signal))

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Takes requests that were open before the first event. */
  add(requests: readonly PermissionRequest[]): void {
    this.#open.add(requests)
  }

  see(event: SessionEvent): void {
    this.#open.see(event)
  }

  /** Tells callbacks that still think. */
  close(): void {
    this.#open.close()
  }

  #take(request: PermissionRequest, signal: AbortSignal): void {
    this.#answer(request, signal).catch(error => {
      if (!signal.aborted) this.#parts.onFault(error)
    })
  }

  async #answer(request: PermissionRequest, signal: AbortSignal): Promise<void> {
    const answer = await this.#decide(request, signal)
    if (answer === undefined || signal.aborted) return
    const { interruptAfter, ...body } = answer
    const answered = await this.#give(request, body)
    if (answered && interruptAfter) await this.#parts.session.interrupt()
  }

  /** A result of a tool that the server refuses, such as one that is too long, is a failure of the tool. */
  async #give(
    { permissionId }: PermissionRequest,
    answer: AnswerPermissionRequest,
  ): Promise<PermissionRequest | undefined> {
    const { session } = this.#parts
    try {
      return await session.answerIfPending(permissionId, answer)
    } catch (error) {
      const isRefused = isApiError(error, 'INVALID_REQUEST', 'PAYLOAD_TOO_LARGE')
      if (!isRefused || answer.result === undefined) throw error
      return session.answerIfPending(permissionId, { error: `Claude cannot be given this: ${error.message}` })
    }
  }

  #decide(request: PermissionRequest, signal: AbortSignal): Promise<Answer | undefined> {
    switch (request.kind) {
      case 'elicitation':
        return this.#fillIn(request, signal)
      case 'client_tool':
        return this.#runTool(request, signal)
      case 'hook':
        return this.#runHooks(request, signal)
      default:
        return this.#ask(request, signal)
    }
  }

  async #ask(request: PermissionRequest, signal: AbortSignal): Promise<Answer | undefined> {
    const { canUseTool } = this.#parts
    const { toolName, input } = request
    if (!canUseTool) {
      const message = `Claude requested permissions to use ${toolName}, but you haven't granted it yet.`
      return { decision: 'deny', message }
    }
    const result = await settled(async () => canUseTool(toolName, input, toCallContext(request, signal)))
    if ('failure' in result) {
      return { decision: 'deny', message: `Tool permission request failed: ${result.failure}` }
    }
    // Null leaves the request to others who follow the session.
    return result.value === null ? undefined : toAnswer(request, toPermissionResult(result.value))
  }

  async #fillIn({ elicitation, permissionId }: PermissionRequest, signal: AbortSignal): Promise<Answer> {
    const { onElicitation } = this.#parts
    if (!onElicitation || !elicitation) return { decision: 'deny' }
    const result = await settled(async () =>
      onElicitation(elicitation as ElicitationRequest, { signal, requestId: permissionId }),
    )
    if ('failure' in result || result.value?.action !== 'accept') return { decision: 'deny' }
    const content = (result.value.content ?? {}) as NonNullable<AnswerPermissionRequest['content']>
    return { decision: 'allow', ...(elicitation.mode === 'form' && { content }) }
  }

  async #runTool(request: PermissionRequest, signal: AbortSignal): Promise<Answer> {
    const { tools, toolPermissions } = this.#parts
    const tool = tools.find(request.toolName)
    if (!tool) return { error: `This program has no tool ${request.toolName}` }
    const judged = await settled(() => toolPermissions.judge(tool.name, request, signal))
    if ('failure' in judged) return { error: `Tool permission request failed: ${judged.failure}` }
    const verdict = judged.value
    if (!verdict.allowed) return { error: verdict.message, interruptAfter: verdict.interrupt }
    const called = await settled(async () =>
      toToolAnswer(tool, await tools.call(tool, verdict.input, signal)),
    )
    return 'failure' in called ? { error: messageOf(called.failure) } : called.value
  }

  async #runHooks(request: PermissionRequest, signal: AbortSignal): Promise<Answer> {
    const { hooks, toolPermissions, session } = this.#parts
    if (!request.hook) return { output: {} }
    const { event, input } = request.hook
    const toolUseId = request.toolUseId ?? request.permissionId
    const decided = await settled(() => hooks.decide({ event, input, toolUseId }, session.id, signal))
    if ('failure' in decided) return { error: messageOf(decided.failure) }
    const specific = decided.value.hookSpecificOutput as { permissionDecision?: string } | undefined
    toolPermissions.noteHook(request, specific?.permissionDecision)
    const { output, title } = toServerOutput(event, request.toolName, decided.value)
    if (title !== undefined) await session.update({ title })
    return { output }
  }
}

type Settled<T> = { value: T } | { failure: unknown }

async function settled<T>(call: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await call() }
  } catch (failure) {
    return { failure }
  }
}

/** An error without a text must not become an empty one, which the server refuses. */
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)) || 'The tool failed'
}
