import type {
  HookCallback,
  HookCallbackMatcher,
  HookInput,
  HookJSONOutput,
  Options,
  SyncHookJSONOutput,
} from '@anthropic-ai/claude-agent-sdk'
import type { ClientHooks as ClientHooksSetting } from '../client/index.ts'
import { unlessAborted } from '../lib/unless-aborted.ts'
import { NotSupportedError } from './errors.ts'
import { mergeOutputs } from './hook-outputs.ts'
import type { ToolNames } from './tool-names.ts'

const served = [
  'PreToolUse',
  'PostToolUse',
  'PostToolUseFailure',
  'UserPromptSubmit',
  'Stop',
  'SubagentStart',
  'SubagentStop',
  'PreCompact',
] as const
type ServedEvent = (typeof served)[number]

/** Events whose action a failed hook can block; with other events the SDK ignores that or the server refuses it. */
const withoutBlocking: readonly string[] = ['Stop', 'SubagentStop']

type DeclaredHook = ClientHooksSetting[string][number]

const defaultTimeoutMs = 60_000
const shortestTimeoutMs = 1_000
/** The time that an answer may take to reach the server. */
const slackMs = 5_000

/** Names that Claude Code takes for those of other tools in matchers. */
const aliases: Readonly<Record<string, string>> = { Task: 'Agent' }

/** An event that waits for the decision of hooks. */
export interface HookCall {
  event: string
  input: Record<string, unknown>
  toolUseId: string
}

/** The hooks of a query. They run in this program. */
export class ClientHooks {
  readonly #hooks: Partial<Record<ServedEvent, readonly HookCallbackMatcher[]>>
  readonly #names: ToolNames

  /** @throws NotSupportedError for events that the server does not hand on */
  constructor(hooks: NonNullable<Options['hooks']> = {}, names: ToolNames) {
    const entries = Object.entries(hooks).filter(([, list]) => list && list.length > 0)
    const unknown = entries.find(([event]) => !(served as readonly string[]).includes(event))
    if (unknown) {
      throw new NotSupportedError(`options.hooks.${unknown[0]}`, `hooks exist for ${served.join(', ')}`)
    }
    this.#hooks = Object.fromEntries(entries)
    this.#names = names
  }

  /**
   * One hook for each event: which of the program's hooks are meant is decided here, since requests do not say which
   * matcher has matched.
   */
  declare(): ClientHooksSetting | undefined {
    const declared = Object.entries(this.#hooks).map(([event, groups]) => {
      const matcher = groups.length === 1 && this.#names.areAllTheSame ? groups[0]?.matcher : undefined
      const blocks = groups.some(({ onFailure }) => onFailure === 'block')
      const hook: DeclaredHook = {
        ...(matcher && { matcher }),
        timeoutMs: Math.max(...groups.map(timeoutOf)) + slackMs,
        ...(blocks && !withoutBlocking.includes(event) && { onFailure: 'block' as const }),
      }
      return [event, [hook]] satisfies [string, DeclaredHook[]]
    })
    return declared.length > 0 ? Object.fromEntries(declared) : undefined
  }

  /**
   * Has the hooks decide.
   *
   * @throws the failure of a hook with `onFailure: 'block'`
   */
  async decide(
    { event, input, toolUseId }: HookCall,
    sessionId: string,
    signal: AbortSignal,
  ): Promise<SyncHookJSONOutput> {
    const shown = {
      session_id: sessionId,
      // The transcript is a file of the server.
      transcript_path: '',
      ...this.#names.translate(input),
      hook_event_name: event,
    } as HookInput
    const groups = this.#hooks[event as ServedEvent] ?? []
    const outputs = await Promise.all(
      groups
        .filter(({ matcher }) => fits(matcher, shown))
        .flatMap(group => group.hooks.map(hook => run(hook, group, shown, toolUseId, signal))),
    )
    return mergeOutputs(event, outputs)
  }
}

async function run(
  hook: HookCallback,
  group: HookCallbackMatcher,
  input: HookInput,
  toolUseId: string,
  signal: AbortSignal,
): Promise<SyncHookJSONOutput> {
  const late = AbortSignal.timeout(timeoutOf(group))
  const stop = AbortSignal.any([signal, late])
  try {
    const output = Promise.resolve(hook(input, toolUseId, { signal: stop }))
    return toSync(await unlessAborted(output, signal, late))
  } catch (error) {
    if (group.onFailure === 'block') throw error
    return {}
  }
}

/** A hook that says that it continues in the background decides nothing. */
function toSync(output: HookJSONOutput | undefined): SyncHookJSONOutput {
  return output === undefined || ('async' in output && output.async) ? {} : (output as SyncHookJSONOutput)
}

function timeoutOf({ timeout }: HookCallbackMatcher): number {
  return timeout === undefined ? defaultTimeoutMs : Math.max(shortestTimeoutMs, timeout * 1000)
}

/** Whether a matcher, a name or a regular expression as in settings of Claude Code, fits the event. */
function fits(matcher: string | undefined, input: HookInput): boolean {
  if (!matcher || matcher === '*') return true
  const subject = subjectOf(input)
  if (subject === undefined) return true
  if (/^[\w|]+$/.test(matcher)) {
    return matcher.split('|').some(name => name === subject || aliases[name] === subject)
  }
  try {
    return new RegExp(matcher).test(subject)
  } catch {
    return false
  }
}

/** The text that matchers of the event are about; undefined: it has no matchers. */
function subjectOf(input: HookInput): string | undefined {
  switch (input.hook_event_name) {
    case 'PreToolUse':
    case 'PostToolUse':
    case 'PostToolUseFailure':
      return input.tool_name
    case 'SubagentStart':
    case 'SubagentStop':
      return input.agent_type
    case 'PreCompact':
      return input.trigger
    default:
      return undefined
  }
}
