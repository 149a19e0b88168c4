import type { Preset } from '../../contract/presets.ts'
import { toTimestamp } from '../../contract/primitives.ts'
import type { FoundPreset } from '../../sessions/ports/index.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { openPage } from '../pagination.ts'

type PresetHandlers = Pick<
  Handlers,
  | 'createPreset'
  | 'listPresets'
  | 'getPreset'
  | 'patchPreset'
  | 'deletePreset'
  | 'createPresetVersion'
  | 'listPresetVersions'
>

export function presetHandlers(deps: HttpDeps): PresetHandlers {
  return {
    async createPreset({ caller, body, idempotency, markReplayed }) {
      const { preset, replayed } = await deps.service.presets.create(caller, body, idempotency)
      if (replayed) markReplayed()
      return { status: 201, body: toPreset(preset) }
    },

    async listPresets({ caller, query }) {
      const { tenant, archived } = query
      const list = openPage(query, ['presets', tenant ?? null, archived])
      const [name, tenantId] = list.key ?? []
      const { presets, total } = await deps.service.presets.list(caller, {
        ...list.page,
        tenant,
        archived: archived === 'all' ? undefined : archived === 'true',
        ...(list.key && { after: { name: String(name), tenantId: String(tenantId) } }),
      })
      const { items, pagination } = list.close(presets, total, preset => [preset.name, preset.tenantId])
      return { status: 200, body: { presets: items.map(toPreset), pagination } }
    },

    async getPreset({ caller, params, query }) {
      return {
        status: 200,
        body: toPreset(await deps.service.presets.get(caller, params.preset, query.version)),
      }
    },

    async patchPreset({ caller, params, body }) {
      return { status: 200, body: toPreset(await deps.service.presets.patch(caller, params.preset, body)) }
    },

    async deletePreset({ caller, params }) {
      await deps.service.presets.remove(caller, params.preset)
      return { status: 204 }
    },

    async createPresetVersion({ caller, params, body, idempotency, markReplayed }) {
      const made = await deps.service.presets.addVersion(caller, params.preset, body, idempotency)
      if (made.replayed) markReplayed()
      return { status: 201, body: toPreset(made.preset) }
    },

    async listPresetVersions({ caller, params: { preset: name }, query }) {
      const list = openPage(query, ['preset versions', caller.tenantId, name])
      const { presets, total } = await deps.service.presets.listVersions(caller, name, {
        ...list.page,
        ...(list.key && { before: Number(list.key[0]) }),
      })
      const { items, pagination } = list.close(presets, total, ({ version }) => [version])
      return { status: 200, body: { name, versions: items.map(toPreset), pagination } }
    },
  }
}

function toPreset(preset: FoundPreset): Preset {
  const { name, version, latestVersion, description, metadata, configuration, archivedAt, createdBy } = preset
  return {
    name,
    version,
    latestVersion,
    description,
    metadata,
    configuration,
    archived: archivedAt !== null,
    archivedAt: archivedAt === null ? null : toTimestamp(archivedAt),
    tenant: preset.tenantId,
    createdAt: toTimestamp(preset.createdAt),
    createdBy,
  }
}
