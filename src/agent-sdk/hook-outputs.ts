import type { SyncHookJSONOutput } from '@anthropic-ai/claude-agent-sdk'
import type { HookOutput } from '../client/index.ts'
import { NotSupportedError } from './errors.ts'

interface Specific {
  hookEventName: string
  permissionDecision?: string
  permissionDecisionReason?: string
  updatedInput?: unknown
  additionalContext?: string
}

/** The strictest decision counts. */
const strictness = ['deny', 'ask', 'allow']

/** The outputs of all hooks of an event as one, since the server asks for one. */
export function mergeOutputs(event: string, outputs: readonly SyncHookJSONOutput[]): SyncHookJSONOutput {
  const [first] = outputs
  if (first && outputs.length === 1) return first
  const merged: SyncHookJSONOutput = Object.assign({}, ...outputs)
  const stopping = outputs.find(output => output.continue === false)
  if (stopping) Object.assign(merged, { continue: false, stopReason: stopping.stopReason })
  const blocking = outputs.find(({ decision }) => decision === 'block')
  if (blocking) Object.assign(merged, { decision: 'block', reason: blocking.reason })
  const systemMessage = join(outputs.map(output => output.systemMessage))
  if (systemMessage !== undefined) merged.systemMessage = systemMessage
  const specific = outputs.flatMap(output => (output.hookSpecificOutput as Specific | undefined) ?? [])
  if (specific.length > 0) {
    merged.hookSpecificOutput = mergeSpecific(event, specific) as NonNullable<
      SyncHookJSONOutput['hookSpecificOutput']
    >
  }
  return merged
}

/** Fields that change what Claude Code does, and that the server does not take. */
const refused: Readonly<Record<string, string>> = {
  classifierContext: 'the API has no such field',
  suppressOriginalPrompt: 'the API has no such field',
}

/**
 * Returns the output for the server, which checks that it is one for the event, and a title for the session.
 *
 * @throws NotSupportedError that names the field
 */
export function toServerOutput(
  event: string,
  toolName: string,
  { terminalSequence: _, hookSpecificOutput, ...output }: SyncHookJSONOutput,
): { output: HookOutput; title?: string } {
  // It stops nothing there, and the server refuses it.
  if (event === 'PreCompact' && output.continue === false) delete output.continue
  if (!hookSpecificOutput) return { output }
  const { updatedMCPToolOutput, sessionTitle, ...specific } = hookSpecificOutput as Record<string, unknown>
  for (const [name, reason] of Object.entries(refused)) {
    if (specific[name]) throw fieldError(event, name, reason)
    delete specific[name]
  }
  if (specific.permissionDecision === 'defer') {
    throw fieldError(event, 'permissionDecision "defer"', 'decide, or leave it to canUseTool')
  }
  // As in Claude Code, it counts for tools of MCP servers that have no other new output.
  if (updatedMCPToolOutput && specific.updatedToolOutput === undefined && toolName.startsWith('mcp__')) {
    specific.updatedToolOutput = updatedMCPToolOutput
  }
  const title = typeof sessionTitle === 'string' && sessionTitle.trim() !== '' ? sessionTitle : undefined
  return {
    output: { ...output, hookSpecificOutput: specific as NonNullable<HookOutput['hookSpecificOutput']> },
    ...(title !== undefined && { title }),
  }
}

function fieldError(event: string, name: string, reason: string): NotSupportedError {
  return new NotSupportedError(`hooks.${event}: hookSpecificOutput.${name}`, reason)
}

function mergeSpecific(event: string, specific: readonly Specific[]): Specific {
  const decision = strictness.find(one => specific.some(output => output.permissionDecision === one))
  const deciding = specific.find(output => output.permissionDecision === decision)
  const additionalContext = join(specific.map(output => output.additionalContext))
  const reason = deciding?.permissionDecisionReason
  return {
    ...Object.assign({}, ...specific),
    hookEventName: event,
    ...(decision !== undefined && { permissionDecision: decision, permissionDecisionReason: reason }),
    ...(additionalContext !== undefined && { additionalContext }),
  }
}

function join(texts: readonly (string | undefined)[]): string | undefined {
  const given = texts.filter(text => text !== undefined && text !== '')
  return given.length > 0 ? given.join('\n') : undefined
}
