import type { SyncHookJSONOutput } from '@anthropic-ai/claude-agent-sdk'

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
