import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Preset } from '../../client/index.ts'
import { readAgentPreset } from './agent-preset.ts'
import { createAgentBody, patchMetadata, updateAgentBody } from './agent-schema.ts'
import { askingSettings, type ToolSettings, toToolSettings } from './agent-settings.ts'
import {
  type Agent,
  type AgentMetadata,
  keepTools,
  ownMetadata,
  readAgentMetadata,
  toGivenTools,
  toSessionAgent,
} from './agent-view.ts'
import { atNewest } from './at-newest.ts'
import type { Context } from './context.ts'
import { invalid, Refusal, withFieldsOf } from './errors.ts'
import { readFilteredPage } from './filtered-page.ts'
import { environmentPrefix, makeAgentName, toAgentPreset } from './ids.ts'
import { boundsOf, Query, readBody, readPageToken, toPageToken } from './reading.ts'

export interface Page<T> {
  data: T[]
  next_page: string | null
}

/** The longest page of presets. */
const longestPage = 50

export async function createAgent({ api, request }: Context): Promise<Agent> {
  const body = await readBody(request, createAgentBody)
  const { tools = [], mcp_servers: servers = [], model, system } = body
  const configuration = {
    ...askingSettings,
    model: model.id,
    ...(model.effort && { effort: model.effort.type }),
    ...(system && { systemPrompt: system }),
    ...withoutEmpty(toToolSettings(tools, servers)),
  }
  const own: AgentMetadata = {
    name: body.name,
    metadata: body.metadata ?? {},
    tools: keepTools(tools),
  }
  const preset = {
    name: makeAgentName(),
    ...(body.description && { description: body.description }),
    metadata: { [ownMetadata]: own },
    configuration,
  }
  return toAgent(await api.call('createPreset', { body: preset }).catch(withFieldsOf(tools, servers)))
}

export async function getAgent({ api, param, request }: Context): Promise<Agent> {
  const query = new Query(request, ['version'])
  const version = query.one('version') === undefined ? undefined : query.number('version', 1, 999_999_999)
  return toAgent(await readAgentPreset(api, param('agent'), version))
}

/** Adds a version if something changes, after the newest one or the one that the client knows. */
export async function updateAgent({ api, param, request }: Context): Promise<Agent> {
  const { version, ...patch } = await readBody(request, updateAgentBody)
  const name = toAgentPreset(param('agent'))
  const change = async () => {
    const newest = await api.call('getPreset', { params: { preset: name } })
    if (newest.archived) throw new Refusal(400, 'The agent is archived, and cannot be changed')
    if (version !== undefined && version !== newest.version) {
      throw new Refusal(409, `version: the newest version is ${newest.version}, not ${version}`)
    }
    const next = toNext(newest, patch)
    if (next === undefined) return toAgent(newest)
    const body = { ...next, expectedVersion: newest.version }
    const { tools, mcp_servers: servers } = toSessionAgent({ ...newest, ...next })
    const made = api.call('createPresetVersion', { params: { preset: name }, body })
    return toAgent(await made.catch(withFieldsOf(tools, servers)))
  }
  return version === undefined ? atNewest(change) : change()
}

export async function archiveAgent({ api, param }: Context): Promise<Agent> {
  const params = { preset: toAgentPreset(param('agent')) }
  return toAgent(await api.call('patchPreset', { params, body: { archived: true } }))
}

export async function listAgents(context: Context): Promise<Page<Agent>> {
  const query = new Query(context.request, [
    ...['limit', 'page', 'include_archived'],
    ...boundsOf('created_at'),
  ])
  const isWithin = query.within('created_at')
  return listPresets(
    context,
    query,
    preset => !preset.name.startsWith(environmentPrefix) && isWithin(toAgent(preset).created_at),
    toAgent,
  )
}

export async function listAgentVersions({ api, param, request }: Context): Promise<Page<Agent>> {
  const query = new Query(request, ['limit', 'page'])
  const cursor = readPageToken(query, z.string())
  const limit = query.number('limit', 20, longestPage)
  const params = { preset: toAgentPreset(param('agent')) }
  const { versions, pagination } = await api.call('listPresetVersions', {
    params,
    query: { limit, ...(cursor !== undefined && { cursor }) },
  })
  return { data: versions.map(toAgent), next_page: toNextPage(pagination.nextCursor) }
}

/** A page of presets of one kind; pages of our API have both kinds, so several may be read for one. */
export async function listPresets<T>(
  { api, caller }: Context,
  query: Query,
  isWanted: (preset: Preset) => boolean,
  toItem: (preset: Preset) => T,
): Promise<Page<T>> {
  const limit = query.number('limit', 20, longestPage)
  const archived = query.flag('include_archived') ? 'all' : 'false'
  const { found, next } = await readFilteredPage(
    async (size, cursor) => {
      const { presets, pagination } = await api.call('listPresets', {
        query: {
          // Keys of the configuration would see all tenants, and could open nothing of others.
          tenant: caller.tenantId,
          archived,
          limit: size,
          ...(cursor !== null && { cursor }),
        },
      })
      return { items: presets, next: pagination.nextCursor }
    },
    isWanted,
    { cursor: readPageToken(query, z.string()) ?? null, limit, longest: longestPage },
  )
  return { data: found.map(toItem), next_page: toNextPage(next) }
}

function toNextPage(cursor: string | null): string | null {
  return cursor === null ? null : toPageToken(cursor)
}

function toAgent(preset: Preset): Agent {
  const own = readAgentMetadata(preset)
  return {
    ...toSessionAgent(preset),
    metadata: own?.metadata ?? {},
    archived_at: preset.archivedAt,
    created_at: own?.createdAt ?? preset.createdAt,
    updated_at: preset.createdAt,
  }
}

type Patch = Omit<z.output<typeof updateAgentBody>, 'version'>

/** The next version of an agent; undefined: the patch changes nothing. */
function toNext(newest: Preset, patch: Patch) {
  const before = toAgent(newest)
  const known: AgentMetadata = readAgentMetadata(newest) ?? { name: before.name, metadata: {} }
  const tools = patch.tools === null ? [] : patch.tools
  const servers = patch.mcp_servers === null ? [] : patch.mcp_servers
  const description = patch.description === undefined ? newest.description : patch.description || null
  const configuration = { ...newest.configuration }
  if (patch.model) {
    configuration.model = patch.model.id
    delete configuration.effort
    if (patch.model.effort) configuration.effort = patch.model.effort.type
  }
  if (patch.system !== undefined) {
    delete configuration.systemPrompt
    if (patch.system) configuration.systemPrompt = patch.system
  }
  if (tools || servers) {
    const all = tools ?? (known.tools && toGivenTools(known.tools, configuration))
    if (!all) throw invalid('tools', 'is required with mcp_servers: the preset has rules of its own')
    for (const field of toolFields) delete configuration[field]
    Object.assign(configuration, withoutEmpty(toToolSettings(all, servers ?? before.mcp_servers)))
  }
  const own: AgentMetadata = {
    ...known,
    name: patch.name ?? known.name,
    metadata: patchMetadata(known.metadata, patch.metadata),
    ...(tools && { tools: keepTools(tools) }),
  }
  const isSame =
    isDeepStrictEqual(configuration, newest.configuration) &&
    isDeepStrictEqual(own, known) &&
    description === newest.description
  if (isSame) return undefined
  return {
    ...(description && { description }),
    metadata: { ...newest.metadata, [ownMetadata]: { ...own, createdAt: before.created_at } },
    configuration,
  }
}

const toolFields = [
  'tools',
  'allowedTools',
  'disallowedTools',
  'clientTools',
  'clientHooks',
  'mcpServers',
] as const

/** Lists that say nothing are left out, but the list of built-in tools: without it Claude has all. */
function withoutEmpty(settings: ToolSettings): Partial<ToolSettings> {
  const entries = Object.entries(settings).filter(
    ([name, value]) => name === 'tools' || Object.keys(value as object).length > 0,
  )
  return Object.fromEntries(entries)
}
