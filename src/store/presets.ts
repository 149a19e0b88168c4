import type {
  FoundPreset,
  NewPresetVersion,
  PresetLimits,
  PresetStore,
  StoredPreset,
} from '../sessions/ports/index.ts'
import { all, type Body, type Database, first, run } from './database.ts'
import {
  countPresets,
  countVersions,
  deleteForgotten,
  deleteVersions,
  insertIfNew,
  insertVersion,
  markDeleted,
  raiseVersion,
  selectHead,
  selectOfRequest,
  selectPreset,
  selectPresets,
  selectUse,
  selectVersions,
  setArchived,
} from './preset-queries.ts'
import { presetColumns } from './records.ts'

/** How many deleted presets of a tenant are remembered by the number of their last version. */
const rememberedDeletions = 1_000

type Row = Parameters<typeof presetColumns.toRecord>[0] & {
  latest_version: number
  archived_at: number | null
}

/** Presets and their versions: see the port `PresetStore`. */
export function createPresets(database: Database): PresetStore {
  const store = (preset: NewPresetVersion, body: () => Body<StoredPreset>) =>
    database.transaction(body, stored =>
      'preset' in stored ? { details: { preset: preset.name, version: stored.preset.version } } : undefined,
    )
  return {
    createPreset(version, limits, since) {
      return store(version, () => create(version, limits, since))
    },

    addPresetVersion(version, expected, limits, since) {
      return store(version, () => add(version, expected, limits, since))
    },

    async findPreset(tenantId, name, version) {
      const row = await database.first(selectPreset({ tenantId, name }, version))
      return row && toFound(row)
    },

    async findPresetOfRequest(of, since) {
      const row = await database.first(selectOfRequest({ ...of, since }))
      return row && toFound(row)
    },

    listPresets(tenantId, query) {
      return database.read(function* () {
        const rows = yield* all(selectPresets(tenantId, query))
        const total = (yield* first(countPresets(tenantId, query.archived)))?.count ?? 0
        return { presets: rows.map(toFound), total }
      })
    },

    listPresetVersions(tenantId, name, query) {
      return database.read(function* () {
        const rows = yield* all(selectVersions({ tenantId, name, before: Number.MAX_SAFE_INTEGER, ...query }))
        const total = (yield* first(countVersions({ tenantId, name })))?.count ?? 0
        return { presets: rows.map(toFound), total }
      })
    },

    archivePreset(tenantId, name, archivedAt) {
      return database.transaction(
        function* () {
          return (yield* run(setArchived({ tenantId, name, archivedAt }))) > 0
        },
        found => (found ? { details: { preset: name } } : undefined),
      )
    },

    removePreset(tenantId, name, now) {
      return database.transaction(
        function* () {
          const found = (yield* run(markDeleted({ tenantId, name, now }))) > 0
          if (!found) return false
          yield* run(deleteVersions({ tenantId, name }))
          yield* run(deleteForgotten({ tenantId, keep: rememberedDeletions }))
          return true
        },
        found => (found ? { details: { preset: name } } : undefined),
      )
    },
  }
}

function* create(version: NewPresetVersion, limits: PresetLimits, since: number): Body<StoredPreset> {
  const { tenantId, name } = version
  const head = yield* first(selectHead({ tenantId, name }))
  const known = yield* findRepeated(version, since)
  if (known) return known
  if (head?.deleted_at === null) return { outcome: 'exists' }
  const full = yield* findFull(version, limits, 1)
  if (full) return full
  if (!head && (yield* run(insertIfNew({ tenantId, name }))) === 0) {
    // Another request was faster, perhaps a repetition of this one.
    return (yield* findRepeated(version, since)) ?? { outcome: 'exists' }
  }
  return yield* save(version, (head?.version ?? 0) + 1)
}

function* add(
  version: NewPresetVersion,
  expected: number | undefined,
  limits: PresetLimits,
  since: number,
): Body<StoredPreset> {
  const { tenantId, name } = version
  const head = yield* first(selectHead({ tenantId, name }))
  const known = yield* findRepeated(version, since)
  if (known) return known
  if (!head || head.deleted_at !== null) return { outcome: 'missing' }
  if (head.archived_at !== null) return { outcome: 'archived' }
  if (expected !== undefined && expected !== head.version) {
    return { outcome: 'conflict', latestVersion: head.version }
  }
  const full = yield* findFull(version, limits, 0)
  if (full) return full
  return yield* save(version, head.version + 1)
}

function* findRepeated(version: NewPresetVersion, since: number): Body<StoredPreset | undefined> {
  const { tenantId, createdBy, requestKey, requestHash } = version
  if (requestKey === null) return undefined
  const row = yield* first(selectOfRequest({ tenantId, createdBy, requestKey, since }))
  if (!row) return undefined
  if (row.request_hash !== requestHash) return { outcome: 'key_reused' }
  return { outcome: 'repeated', preset: toFound(row) }
}

function* findFull(
  { tenantId, name, sizeBytes }: NewPresetVersion,
  limits: PresetLimits,
  added: number,
): Body<StoredPreset | undefined> {
  const use = yield* first(selectUse({ tenantId, name }))
  if (!use) return undefined
  if (use.presets + added > limits.presets) return { outcome: 'full', limitName: 'presets' }
  if (use.versions >= limits.versions) return { outcome: 'full', limitName: 'versions' }
  if (use.bytes + sizeBytes > limits.totalBytes) return { outcome: 'full', limitName: 'totalBytes' }
  return undefined
}

function* save(given: NewPresetVersion, version: number): Body<StoredPreset> {
  const preset = { ...given, version }
  yield* run(raiseVersion({ tenantId: given.tenantId, name: given.name, version }))
  yield* run(insertVersion(presetColumns.toRow(preset)))
  return { outcome: 'stored', preset: { ...preset, latestVersion: version, archivedAt: null } }
}

function toFound(row: Row): FoundPreset {
  return {
    ...presetColumns.toRecord(row),
    latestVersion: row.latest_version,
    archivedAt: row.archived_at,
  }
}
