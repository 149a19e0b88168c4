import { randomBytes } from 'node:crypto'
import { presetName } from '../../contract/session-configuration.ts'
import { notFound } from './errors.ts'

/** Names of presets that are environments begin so; all other presets are agents. */
export const environmentPrefix = 'env-'

const uuid = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/

/** A name for the preset of a new agent. */
export function makeAgentName(): string {
  return `agent-${randomBytes(8).toString('hex')}`
}

/** Whether an agent that was made by this door has the name. */
export function isNameOfOurs(preset: string): boolean {
  return /^agent-[0-9a-f]{16}$/.test(preset)
}

export function toAgentId(preset: string): string {
  return `agent_${toHex(preset)}`
}

export function toEnvironmentId(preset: string): string {
  return `env_${toHex(preset)}`
}

/** The preset of an agent, which may also be named by the preset's own name. */
export function toAgentPreset(id: string, field?: string): string {
  const name = fromHex(id, 'agent_') ?? id
  if (!presetName.safeParse(name).success || name.startsWith(environmentPrefix)) {
    throw notFound('agent', id, field)
  }
  return name
}

export function toEnvironmentPreset(id: string, field?: string): string {
  const name = fromHex(id, 'env_') ?? id
  if (!presetName.safeParse(name).success || !name.startsWith(environmentPrefix)) {
    throw notFound('environment', id, field)
  }
  return name
}

export function toSessionId(sessionId: string): string {
  return `sesn_${compact(sessionId)}`
}

/** The id of the session in our API. */
export function fromSessionId(id: string): string {
  const [prefix, rest = ''] = [id.slice(0, 5), id.slice(5)]
  const parts = prefix === 'sesn_' ? uuid.exec(rest) : null
  if (!parts) throw notFound('session', id)
  return parts.slice(1).join('-')
}

/** The event of a turn, a permission request or another object with a UUID. */
export function toObjectEventId(id: string, part = ''): string {
  return `sevt_${compact(id)}${part}`
}

/** The event that an entry of a session's log becomes. */
export function toLogEventId(sessionId: string, sequence: number, part = ''): string {
  return `sevt_${compact(sessionId).slice(0, 12)}_${sequence}${part}`
}

/** A block of a message; live previews and the stored block have the same id. */
export function toBlockEventId(messageId: string, index: number): string {
  return `sevt_${messageId}_${index}`
}

export function toToolEventId(toolUseId: string): string {
  return `sevt_${toolUseId}`
}

/** The id of the tool call in Claude's messages. */
export function fromToolEventId(id: string): string | undefined {
  return id.startsWith('sevt_') ? id.slice(5) : undefined
}

function compact(id: string): string {
  return id.replaceAll('-', '')
}

function toHex(text: string): string {
  return Buffer.from(text).toString('hex')
}

function fromHex(id: string, prefix: string): string | undefined {
  if (!id.startsWith(prefix)) return undefined
  const hex = id.slice(prefix.length)
  return /^(?:[0-9a-f]{2})+$/.test(hex) ? Buffer.from(hex, 'hex').toString() : undefined
}
