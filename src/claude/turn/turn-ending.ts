import type {
  SDKAssistantMessageError,
  SDKResultMessage,
  TerminalReason,
} from '@anthropic-ai/claude-agent-sdk'
import type { StopReason, TurnEnding } from '../../contract/turns.ts'
import { lookUp } from '../../lib/look-up.ts'
import type { AgentFailure } from '../../sessions/ports/index.ts'
import { isOfCommand } from '../messages/command-output.ts'
import type { PromptOutcome } from '../messages/notices.ts'
import { outputRetriesExhausted } from '../process/findings.ts'
import { toFailure } from './turn-failure.ts'

/** How a turn ended, from typed fields of its frames. */
export type Verdict =
  | { status: 'completed'; stopReason: StopReason }
  | { status: 'interrupted' }
  | { status: 'failed'; failure: AgentFailure }

export interface EndingSigns {
  result: SDKResultMessage
  promptOutcome: PromptOutcome | undefined
  /** The typed error on the newest message that Claude Code wrote instead of an answer. */
  assistantError: SDKAssistantMessageError | undefined
  /** The output of a command. */
  commandOutput: string | null
  interruptRequested: boolean
  /** Whether the conversation has been compacted, which cannot be interrupted anymore. */
  compacted: boolean
}

/** The stop reasons without `interrupted`, which the turn's status expresses. */
type Rule = StopReason | 'failed'

/** All values of `terminal_reason` in the pinned Claude Code. */
const byTerminalReason: Record<TerminalReason, Rule | 'by_stop_reason'> = {
  completed: 'by_stop_reason',
  max_turns: 'max_turns',
  budget_exhausted: 'budget',
  stop_hook_prevented: 'stopped_by_hook',
  hook_stopped: 'stopped_by_hook',
  tool_deferred: 'tool_deferred',
  background_requested: 'background_requested',
  aborted_streaming: 'interrupted',
  aborted_tools: 'interrupted',
  blocking_limit: 'failed',
  prompt_too_long: 'failed',
  rapid_refill_breaker: 'failed',
  image_error: 'failed',
  model_error: 'failed',
  api_error: 'failed',
  malformed_tool_use_exhausted: 'failed',
  structured_output_retry_exhausted: 'failed',
  tool_deferred_unavailable: 'failed',
  turn_setup_failed: 'failed',
}

/** The model's `stop_reason` of a turn that Claude Code reports as completed. */
const byStopReason: Partial<Record<string, StopReason>> = {
  end_turn: 'end_turn',
  // A tool can end the turn, for example the tool for structured output.
  tool_use: 'end_turn',
  stop_sequence: 'stop_sequence',
  max_tokens: 'max_tokens',
  model_context_window_exceeded: 'model_context_window_exceeded',
  pause_turn: 'pause_turn',
  compaction: 'compaction',
  refusal: 'refusal',
  tool_deferred: 'tool_deferred',
}

/** `prompt_submit_outcome.kind`: the prompt did not reach the model. */
const byPromptOutcome: Partial<Record<string, StopReason | 'failed'>> = {
  blocked_by_hook: 'blocked',
  dropped_by_hook: 'blocked',
  not_passed_on: 'blocked',
  stopped_by_hook: 'stopped_by_hook',
  no_verdict: 'failed',
}

const bySubtype: Partial<Record<SDKResultMessage['subtype'], StopReason>> = {
  error_max_turns: 'max_turns',
  error_max_budget_usd: 'budget',
}

export function toVerdict(signs: EndingSigns): Verdict {
  const { result, interruptRequested } = signs
  if (signs.promptOutcome) return ofPrompt(signs.promptOutcome, interruptRequested)
  const stopped = lookUp(bySubtype, result.subtype)
  if (stopped) return { status: 'completed', stopReason: stopped }
  if (result.stop_reason === 'refusal') return { status: 'completed', stopReason: 'refusal' }
  // An interrupted command reports success.
  if (interruptRequested && isOfCommand(result, signs.commandOutput) && !signs.compacted)
    return { status: 'interrupted' }
  const rule = toRule(result, signs.commandOutput)
  if (rule === 'interrupted') return { status: 'interrupted' }
  if (rule !== 'failed') return { status: 'completed', stopReason: rule }
  if (interruptRequested) return { status: 'interrupted' }
  if (result.subtype === 'error_max_structured_output_retries') return failed(outputRetriesExhausted)
  return failed(toFailure(result, signs.assistantError))
}

/** Returns Claude Code's own values; undefined for an ordinary end. */
export function toReportedEnding(
  { result, promptOutcome, assistantError }: Pick<EndingSigns, 'result' | 'promptOutcome' | 'assistantError'>,
  verdict: Verdict,
): TurnEnding | undefined {
  if (verdict.status === 'completed' && verdict.stopReason === 'end_turn') return undefined
  const { api_error, api_error_type } = result as { api_error?: string; api_error_type?: string }
  const status = result.subtype === 'success' ? result.api_error_status : null
  return {
    ...(result.subtype !== 'success' && { subtype: result.subtype }),
    ...(result.terminal_reason !== undefined && { terminalReason: result.terminal_reason }),
    ...(result.stop_reason !== null && { stopReason: result.stop_reason }),
    ...(promptOutcome && { promptOutcome: promptOutcome.kind ?? 'unknown' }),
    ...(promptOutcome?.no_verdict_kind !== undefined && { noVerdict: promptOutcome.no_verdict_kind }),
    ...(assistantError !== undefined && verdict.status === 'failed' && { error: assistantError }),
    ...(api_error !== undefined && { apiError: api_error }),
    ...(api_error_type !== undefined && { apiErrorType: api_error_type }),
    ...(typeof status === 'number' && { apiErrorStatus: status }),
  }
}

function ofPrompt({ kind }: PromptOutcome, interruptRequested: boolean): Verdict {
  const rule = lookUp(byPromptOutcome, kind) ?? 'unknown'
  if (rule !== 'failed') return { status: 'completed', stopReason: rule }
  if (interruptRequested) return { status: 'interrupted' }
  return failed({
    reason: 'hook_failed',
    message: 'Claude Code did not pass the prompt on, because a hook that checks prompts gave no verdict',
  })
}

function toRule(result: SDKResultMessage, printed: string | null): Rule {
  const { terminal_reason: terminalReason, stop_reason: stopReason, is_error: isError } = result
  const rule = lookUp(byTerminalReason, terminalReason)
  if (rule === undefined && terminalReason !== undefined) return isError ? 'failed' : 'unknown'
  if (rule !== undefined && rule !== 'by_stop_reason') return rule
  if (isError || result.subtype !== 'success') return 'failed'
  if (stopReason !== null) return lookUp(byStopReason, stopReason) ?? 'unknown'
  // Without a value: a complete answer, or a command that Claude Code ran itself.
  return rule !== undefined || isOfCommand(result, printed) ? 'end_turn' : 'unknown'
}

function failed(failure: AgentFailure): Verdict {
  return { status: 'failed', failure }
}
