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

/** Events at which the server takes no matcher, because Claude Code has none. */
const withoutMatchers: readonly string[] = ['UserPromptSubmit', 'Stop']
/** Events whose action is blocked where a hook does not answer in time, as by Claude Code, and with `onFailure`. */
const blockable: readonly string[] = ['PreToolUse', 'UserPromptSubmit']

type DeclaredHook = ClientHooksSetting[string][number]

const defaultTimeoutMs = 60_000
const shortestTimeoutMs = 1_000
/** The time that an answer may take to reach the server. */
const slackMs = 5_000

/** Earlier names of tools, which Claude Code accepts in matchers. */
const aliases: Readonly<Record<string, string>> = {
  Task: 'Agent',
  KillShell: 'TaskStop',
  KillBash: 'TaskStop',
  ListPeers: 'ListAgents',
  Brief: 'SendUserMessage',
  ListMcpResources: 'ListMcpResourcesTool',
  ReadMcpResource: 'ReadMcpResourceTool',
  ReadMcpResourceDir: 'ReadMcpResourceDirTool',
}

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
      const isMatched = this.#isMatchedByServer(groups) && !withoutMatchers.includes(event)
      const matcher = isMatched ? groups[0]?.matcher : undefined
      const hook: DeclaredHook = {
        ...(matcher && { matcher }),
        timeoutMs: Math.max(...groups.map(timeoutOf)) + slackMs,
        // A hook that fails without `onFailure: 'block'` answers that it decides nothing.
        ...(blockable.includes(event) && { onFailure: 'block' as const }),
      }
      return [event, [hook]] satisfies [string, DeclaredHook[]]
    })
    return declared.length > 0 ? Object.fromEntries(declared) : undefined
  }

  #isMatchedByServer(groups: readonly HookCallbackMatcher[]): boolean {
    return groups.length === 1 && this.#names.areAllTheSame
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
    const areMatched = this.#isMatchedByServer(groups)
    const outputs = await Promise.all(
      groups
        .filter(({ matcher }) => areMatched || fits(matcher, shown))
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
  const timeoutMs = timeoutOf(group)
  const late = AbortSignal.timeout(timeoutMs)
  const deadline = performance.now() + timeoutMs
  // A hook that blocks the program keeps the signal from firing.
  const isLate = () => late.aborted || performance.now() >= deadline
  const stop = AbortSignal.any([signal, late])
  try {
    const output = Promise.resolve(hook(input, toolUseId, { signal: stop }))
    const decision = toSync(await unlessAborted(output, signal, late))
    return isLate() ? toLateOutput(input.hook_event_name, timeoutMs) : decision
  } catch (error) {
    if (isLate()) return toLateOutput(input.hook_event_name, timeoutMs)
    if (group.onFailure === 'block') throw error
    return {}
  }
}

/** The consequence of a missed timeout, which a hook that throws does not have; the texts are Claude Code's. */
function toLateOutput(event: string, timeoutMs: number): SyncHookJSONOutput {
  switch (event) {
    case 'PreToolUse': {
      const permissionDecisionReason =
        'PreToolUse hook did not respond before its timeout. The tool call was not executed; other configured hooks may not have completed.'
      return {
        hookSpecificOutput: { hookEventName: event, permissionDecision: 'deny', permissionDecisionReason },
      }
    }
    case 'UserPromptSubmit':
      return {
        decision: 'block',
        reason: `UserPromptSubmit hook callback timed out after ${timeoutMs}ms`,
      }
    default:
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

/** Whether a matcher, a list of names or a regular expression as in settings of Claude Code, fits the event. */
function fits(matcher: string | undefined, input: HookInput): boolean {
  if (!matcher || matcher === '*') return true
  const subject = subjectOf(input)
  if (subject === undefined) return true
  if (/^[\w|, -]+$/.test(matcher)) {
    const names = matcher.split(/[|,]/).map(name => name.trim())
    return names.some(name => name === subject || aliases[name] === subject)
  }
  try {
    const pattern = new RegExp(matcher)
    const earlier = Object.keys(aliases).filter(name => aliases[name] === subject)
    return [subject, ...earlier].some(name => pattern.test(name))
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
