import type { HookCallback, Options } from '@anthropic-ai/claude-agent-sdk'
import { settlesWithin } from '../../lib/settles-within.ts'
import type { PermissionAnswer, PermissionQuestion } from '../../sessions/records.ts'

type Hooks = NonNullable<Options['hooks']>
type Input = Record<string, unknown>

/** The hook's timeout in seconds: longer than any request waits, but within the range of timers. */
const requestTimeout = 2_000_000
const toolTimeout = 90

/** The time after which a hook will no longer be called, in milliseconds. */
const hookBoundMs = 10_000

interface Call {
  /** Resolves when Claude Code waits for the hook's decision. */
  readonly hooked: PromiseWithResolvers<void>
  /** Resolves to the changed input; undefined: the other callback answers. */
  readonly replaced: PromiseWithResolvers<Input | undefined>
}

/**
 * Messages and changed inputs of people who allow a tool call, which `canUseTool` cannot pass on. A changed input goes
 * through a `PermissionRequest` hook, because only then does Claude Code apply its deny rules. The tool's result tells
 * Claude about the change and the message.
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
   * Passes on a person's answer.
   *
   * @returns whether Claude Code has accepted a changed input, so that `canUseTool` must not answer. False if the input
   * was not changed, or could not be checked
   */
  async take({ toolUseId }: PermissionQuestion, answer: PermissionAnswer, changed: Input | null) {
    if (toolUseId === null) return false
    const note = answer.allow ? toNote(answer.message, changed) : undefined
    if (note !== undefined) this.#notes.set(toolUseId, note)
    const call = this.#of(toolUseId)
    // The hook is called in parallel with the other callback, and may come later.
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
    message && `The user allowed this call with the message: ${message}`,
  ].filter(Boolean)
  return parts.length > 0 ? parts.join('\n') : undefined
}
