import type { HookCallback, Options } from '@anthropic-ai/claude-agent-sdk'
import { settlesWithin } from '../../lib/settles-within.ts'
import type { PermissionAnswer, PermissionQuestion } from '../../sessions/records.ts'

type Hooks = NonNullable<Options['hooks']>
type Input = Record<string, unknown>

/** In seconds: longer than a request waits, and what timers take. */
const requestTimeout = 2_000_000
const toolTimeout = 90

/** A hook that has not been called by then will not be, in milliseconds. */
const hookBoundMs = 10_000

interface Call {
  /** Resolves when Claude Code waits for the hook's decision. */
  readonly hooked: PromiseWithResolvers<void>
  /** Resolves to the input that a person put in; undefined: the other callback answers. */
  readonly replaced: PromiseWithResolvers<Input | undefined>
}

/**
 * What people say and change when they allow a tool call, beyond the yes that `canUseTool` can pass on: another
 * input goes through a `PermissionRequest` hook, because only then does Claude Code hold it against the rules that
 * deny, and Claude is told of it and of their message with the tool's result.
 */
export class AnsweredCalls {
  readonly #calls = new Map<string, Call>()
  readonly #notes = new Map<string, string>()

  /** SDK option `hooks`. */
  get hooks(): Hooks {
    return {
      PermissionRequest: [{ timeout: requestTimeout, hooks: [this.#onRequest] }],
      PostToolUse: [{ timeout: toolTimeout, hooks: [this.#afterTool] }],
      PostToolUseFailure: [{ timeout: toolTimeout, hooks: [this.#afterTool] }],
    }
  }

  /**
   * Passes a person's answer on.
   *
   * @returns whether Claude Code has taken a changed input: `canUseTool` must not answer then. False when there is
   * none, or when it could not be checked
   */
  async take({ toolUseId }: PermissionQuestion, answer: PermissionAnswer, changed: Input | null) {
    if (toolUseId === null) return false
    const note = answer.allow ? toNote(answer.message, changed) : undefined
    if (note !== undefined) this.#notes.set(toolUseId, note)
    const call = this.#of(toolUseId)
    // The hook is called beside the other callback, and may be the later one.
    const isHooked = changed !== null && (await settlesWithin(call.hooked.promise, hookBoundMs))
    call.replaced.resolve(isHooked ? changed : undefined)
    return isHooked
  }

  readonly #onRequest: HookCallback = async (_input, toolUseId, { signal }) => {
    if (toolUseId === undefined) return {}
    const call = this.#of(toolUseId)
    call.hooked.resolve()
    signal.addEventListener('abort', () => call.replaced.resolve(undefined), { once: true })
    const updatedInput = await call.replaced.promise
    this.#calls.delete(toolUseId)
    if (updatedInput === undefined) return {}
    return {
      hookSpecificOutput: {
        hookEventName: 'PermissionRequest',
        decision: { behavior: 'allow', updatedInput },
      },
    }
  }

  readonly #afterTool: HookCallback = async input => {
    if (!('tool_use_id' in input) || input.tool_use_id === undefined) return {}
    const additionalContext = this.#notes.get(input.tool_use_id)
    if (additionalContext === undefined) return {}
    this.#notes.delete(input.tool_use_id)
    const hookEventName = input.hook_event_name as 'PostToolUse' | 'PostToolUseFailure'
    return { hookSpecificOutput: { hookEventName, additionalContext } }
  }

  #of(toolUseId: string): Call {
    const known = this.#calls.get(toolUseId)
    if (known) return known
    const call: Call = { hooked: Promise.withResolvers(), replaced: Promise.withResolvers() }
    this.#calls.set(toolUseId, call)
    return call
  }
}

function toNote(message: string | null, changed: Input | null): string | undefined {
  const parts = [
    changed &&
      `The user changed the input of this call before it ran. It ran with: ${JSON.stringify(changed)}`,
    message && `The user allowed this call and said: ${message}`,
  ].filter(Boolean)
  return parts.length > 0 ? parts.join('\n') : undefined
}
