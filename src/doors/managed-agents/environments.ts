import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Preset } from '../../client/index.ts'
import { description, emptyList, metadata, metadataPatch, name, patchMetadata } from './agent-schema.ts'
import { ownMetadata } from './agent-view.ts'
import { listPresets, type Page } from './agents.ts'
import { atNewest } from './at-newest.ts'
import type { Context } from './context.ts'
import { Refusal, withoutEnvironment } from './errors.ts'
import { environmentPrefix, toEnvironmentId, toEnvironmentPreset } from './ids.ts'
import { Query, readBody } from './reading.ts'

const managers = ['apt', 'cargo', 'gem', 'go', 'npm', 'pip'] as const

export type EnvironmentConfig =
  | {
      type: 'cloud'
      networking: { type: 'unrestricted' }
      packages: Record<(typeof managers)[number], never[]> & { type: 'packages' }
    }
  | { type: 'self_hosted' }

export interface Environment {
  type: 'environment'
  id: string
  name: string
  description: string | null
  config: EnvironmentConfig
  metadata: Record<string, string>
  scope: 'organization'
  archived_at: string | null
  created_at: string
  updated_at: string
}

interface EnvironmentMetadata {
  name: string
  /** When the first version was made, in later ones. */
  createdAt?: string
  metadata: Record<string, string>
  type: EnvironmentConfig['type']
}

const notSupported = { error: 'is not supported by this server' }
const packages = z
  .strictObject({
    type: z.literal('packages').optional(),
    ...Object.fromEntries(managers.map(manager => [manager, emptyList.nullish()])),
  })
  .nullish()
const config = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('cloud'),
      networking: z
        .strictObject({
          type: z.literal('unrestricted', {
            error: 'must be unrestricted: limits of the network are options of this server',
          }),
        })
        .nullish(),
      packages,
    }),
    z.strictObject({ type: z.literal('self_hosted') }),
  ])
  .nullish()
const scope = z.literal('organization', notSupported).nullish()

const createBody = z.strictObject({
  name,
  config,
  description,
  metadata: metadata.optional(),
  scope,
})
const updateBody = z.strictObject({
  name: name.nullish(),
  config,
  description,
  metadata: metadataPatch.optional(),
  scope,
})

/** Each session works in a new directory, which ends with it. */
const newDirectory = { workspace: { type: 'empty', removeOnEnd: true } } as const

export async function createEnvironment({ api, request }: Context): Promise<Environment> {
  const body = await readBody(request, createBody)
  const own: EnvironmentMetadata = {
    name: body.name,
    metadata: body.metadata ?? {},
    type: body.config?.type ?? 'cloud',
  }
  const preset = {
    name: `${environmentPrefix}${randomBytes(8).toString('hex')}`,
    ...(body.description && { description: body.description }),
    metadata: { [ownMetadata]: own },
    configuration: newDirectory,
  }
  return toEnvironment(await api.call('createPreset', { body: preset }))
}

export async function getEnvironment({ api, param }: Context): Promise<Environment> {
  return toEnvironment(await api.call('getPreset', namedBy(param('environment'))))
}

export async function listEnvironments(context: Context): Promise<Page<Environment>> {
  const query = new Query(context.request, ['limit', 'page', 'include_archived'])
  return listPresets(context, query, ({ name }) => name.startsWith(environmentPrefix), toEnvironment)
}

export async function updateEnvironment({ api, param, request }: Context): Promise<Environment> {
  const patch = await readBody(request, updateBody)
  const { params } = namedBy(param('environment'))
  return atNewest(() => changeEnvironment(api, params, patch))
}

async function changeEnvironment(
  api: Context['api'],
  params: { preset: string },
  patch: z.output<typeof updateBody>,
): Promise<Environment> {
  const newest = await api.call('getPreset', { params })
  if (newest.archived) throw isArchived('The environment is archived, and cannot be changed')
  const known = readMetadata(newest)
  if (patch.config && patch.config.type !== known.type) {
    throw new Refusal(400, 'config.type: cannot be changed', { errorCode: 'invalid_config_type_change' })
  }
  const own: EnvironmentMetadata = {
    ...known,
    name: patch.name ?? known.name,
    metadata: patchMetadata(known.metadata, patch.metadata),
  }
  const text = patch.description === undefined ? newest.description : patch.description || null
  if (isDeepStrictEqual(own, known) && text === newest.description) return toEnvironment(newest)
  const body = {
    ...(text && { description: text }),
    metadata: { ...newest.metadata, [ownMetadata]: { ...own, createdAt: createdAtOf(newest) } },
    configuration: newest.configuration,
    expectedVersion: newest.version,
  }
  return toEnvironment(await api.call('createPresetVersion', { params, body }))
}

export async function archiveEnvironment({ api, param }: Context): Promise<Environment> {
  const { params } = namedBy(param('environment'))
  return toEnvironment(await api.call('patchPreset', { params, body: { archived: true } }))
}

export async function deleteEnvironment({
  api,
  param,
}: Context): Promise<{ id: string; type: 'environment_deleted' }> {
  const { params } = namedBy(param('environment'))
  await api.call('deletePreset', { params })
  return { id: toEnvironmentId(params.preset), type: 'environment_deleted' }
}

/** The type of a usable environment, and where its sessions work. */
export async function openEnvironment({ api }: Pick<Context, 'api'>, id: string) {
  const field = 'environment_id'
  const params = { preset: toEnvironmentPreset(id, field) }
  const preset = await api.call('getPreset', { params }).catch(withoutEnvironment(id, field))
  if (preset.archived) throw isArchived('environment_id: must not be archived')
  const { cwd, workspace } = preset.configuration
  return {
    id: toEnvironmentId(preset.name),
    type: readMetadata(preset).type,
    place: { ...(cwd !== undefined && { cwd }), ...(workspace && { workspace }) },
  }
}

function isArchived(message: string): Refusal {
  return new Refusal(400, message, { errorCode: 'environment_archived' })
}

function namedBy(id: string) {
  return { params: { preset: toEnvironmentPreset(id) } }
}

/** A preset that was not made by this door is an environment where its name says so. */
function readMetadata({ metadata, name }: Preset): EnvironmentMetadata {
  const own = metadata[ownMetadata] as EnvironmentMetadata | undefined
  return own ?? { name, metadata: {}, type: 'cloud' }
}

function createdAtOf(preset: Preset): string {
  return readMetadata(preset).createdAt ?? preset.createdAt
}

function toEnvironment(preset: Preset): Environment {
  const own = readMetadata(preset)
  return {
    type: 'environment',
    id: toEnvironmentId(preset.name),
    name: own.name,
    description: preset.description,
    config: toConfig(own.type),
    metadata: own.metadata,
    scope: 'organization',
    archived_at: preset.archivedAt,
    created_at: createdAtOf(preset),
    updated_at: preset.createdAt,
  }
}

function toConfig(type: EnvironmentConfig['type']): EnvironmentConfig {
  if (type === 'self_hosted') return { type }
  const packages = { type: 'packages' as const, apt: [], cargo: [], gem: [], go: [], npm: [], pip: [] }
  return { type, networking: { type: 'unrestricted' }, packages }
}
