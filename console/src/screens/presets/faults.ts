import { ApiError } from '../../../../src/client/index.ts'
import { describeMessage } from '../../ui/describe-issue.ts'

/** A fault of a configuration at one of its fields. */
export interface Fault {
  /** As in `mcpServers.web.url`; empty: the configuration as a whole. */
  path: string
  message: string
}

/** The faults that a server found in a preset, by the fields of the form. */
export interface Faults {
  name: string | undefined
  description: string | undefined
  configuration: readonly Fault[]
  /** An error that belongs to no field; null: there is none. */
  other: unknown
}

const none: Faults = { name: undefined, description: undefined, configuration: [], other: null }

/** @param error null: there is none */
export function sortFaults(error: unknown): Faults {
  if (!(error instanceof ApiError)) return { ...none, other: error }
  // The form has a notice of its own for it.
  if (error.code === 'PRESET_VERSION_CONFLICT') return none
  if (error.code === 'PRESET_EXISTS') {
    return { ...none, name: 'Another preset has this name. It may be archived.' }
  }
  const { issues, setting } = error.details
  if (typeof setting === 'string') {
    const message = error.message.replace(`${setting}: `, '')
    return { ...none, configuration: [{ path: setting, message }] }
  }
  if (!Array.isArray(issues)) return { ...none, other: error }
  const all = issues.map(({ path, message }) => ({
    path: String(path),
    message: describeMessage(String(message)),
  }))
  const of = (field: string) => all.find(({ path }) => path === field)?.message
  const configuration = all
    .filter(({ path }) => /^configuration\b/.test(path))
    .map(({ path, message }) => ({ path: path.replace(/^configuration\.?/, ''), message }))
  const [name, description] = [of('name'), of('description')]
  const isKnown = name !== undefined || description !== undefined || configuration.length > 0
  return { name, description, configuration, other: isKnown ? null : error }
}

const redacted = '***'
const secretPath = /^(agentEnv|mcpServers\.[^.]+\.(headers|env))\./
const urlPath = /^mcpServers\.[^.]+\.url$/

/** The secrets of a configuration that are shown as `***`, and would have to be typed again. */
export function findRedacted(configuration: unknown): Fault[] {
  const found: Fault[] = []
  const look = (value: unknown, path: string): void => {
    if (typeof value === 'string') {
      const isSecret = secretPath.test(path) && value === redacted
      const isUrl = urlPath.test(path) && /\?\*\*\*(#|$)/.test(value)
      if (isSecret || isUrl) found.push({ path, message: 'type the secret again' })
      return
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    for (const [name, inner] of Object.entries(value)) look(inner, path === '' ? name : `${path}.${name}`)
  }
  look(configuration, '')
  return found
}
