import type { SessionConfiguration } from '../../contract/session-configuration.ts'
import type { SealedSecrets } from '../records.ts'

/** One version of a preset. */
export interface PresetRecord {
  tenantId: string
  name: string
  version: number
  description: string | null
  metadata: Record<string, unknown>
  /** As it may be shown: secrets are left out. */
  configuration: SessionConfiguration
  secrets: SealedSecrets
  /** Of configuration and metadata as JSON, as they were sent. */
  sizeBytes: number
  createdBy: string
  createdAt: number
  /** The idempotency key of the request that made it, and the hash of that request; null: it had none. */
  requestKey: string | null
  requestHash: string | null
}

/** A version with what is true of its preset now. */
export interface FoundPreset extends PresetRecord {
  latestVersion: number
  archivedAt: number | null
}

export type NewPresetVersion = Omit<PresetRecord, 'version'>

/** How many presets and versions there may be. */
export interface PresetLimits {
  presets: number
  versions: number
  totalBytes: number
}

/** The outcome of storing a version. `repeated`: a request with the same idempotency key has made it before. */
export type StoredPreset =
  | { outcome: 'stored' | 'repeated'; preset: FoundPreset }
  | { outcome: 'key_reused' | 'exists' | 'missing' | 'archived' }
  | { outcome: 'conflict'; latestVersion: number }
  | { outcome: 'full'; limitName: keyof PresetLimits }

export interface PresetListQuery {
  archived: boolean | undefined
  limit: number
  offset: number
  /** Only presets behind this one, by name. */
  after?: { name: string; tenantId: string }
}

/** Presets. Versions never change; a deleted preset leaves only the number of its last version. */
export interface PresetStore {
  /**
   * Stores the first version of a new preset. Its number follows those of a deleted preset with the same name, so that a
   * name and a version never stand for two configurations.
   *
   * @param requestsSince since when idempotency keys count
   */
  createPreset(first: NewPresetVersion, limits: PresetLimits, requestsSince: number): Promise<StoredPreset>
  /** Stores the next version. @param expected its predecessor; undefined: any */
  addPresetVersion(
    next: NewPresetVersion,
    expected: number | undefined,
    limits: PresetLimits,
    requestsSince: number,
  ): Promise<StoredPreset>
  /** @param version undefined: the newest */
  findPreset(tenantId: string, name: string, version?: number): Promise<FoundPreset | undefined>
  /** The version that a request with this key has made. */
  findPresetOfRequest(
    of: Pick<PresetRecord, 'tenantId' | 'createdBy'> & { requestKey: string },
    since: number,
  ): Promise<FoundPreset | undefined>
  /** The newest versions by name; of all tenants if none is given. */
  listPresets(
    tenantId: string | undefined,
    query: PresetListQuery,
  ): Promise<{ presets: FoundPreset[]; total: number }>
  /** Newest first. @param before only older versions than this one */
  listPresetVersions(
    tenantId: string,
    name: string,
    query: { limit: number; offset: number; before?: number },
  ): Promise<{ presets: FoundPreset[]; total: number }>
  /** @returns whether there is such a preset */
  archivePreset(tenantId: string, name: string, archivedAt: number | null): Promise<boolean>
  /** Removes a preset with its versions. @returns whether there was one */
  removePreset(tenantId: string, name: string, now: number): Promise<boolean>
}
