import { type ClaudeCodeClient, isApiError, type Preset } from '../../client/index.ts'
import { notFound, Refusal } from './errors.ts'
import { toAgentPreset } from './ids.ts'

/**
 * Reads the preset of an agent.
 *
 * @param version undefined: the newest
 * @param field that has the agent; left out: the path and the query have it
 * @throws Refusal that names the agent, or the version, where it does not exist
 */
export async function readAgentPreset(
  api: ClaudeCodeClient,
  id: string,
  version: number | undefined,
  field?: string,
): Promise<Preset> {
  const params = { preset: toAgentPreset(id, field) }
  try {
    return await api.call('getPreset', { params, ...(version !== undefined && { query: { version } }) })
  } catch (error) {
    if (!isApiError(error, 'PRESET_NOT_FOUND')) throw error
    const newest = version === undefined ? undefined : await api.call('getPreset', { params }).catch(() => {})
    if (!newest) throw notFound('agent', id, field)
    const of = field === undefined ? 'version' : `${field}.version`
    throw new Refusal(404, `${of}: The agent has no version ${version}; the newest is ${newest.version}`)
  }
}
