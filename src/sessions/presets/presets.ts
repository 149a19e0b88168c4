import { invalidRequest, notFound, ServiceError } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import { presetLimits } from '../../contract/presets.ts'
import { presetName, readPresetReference } from '../../contract/session-configuration.ts'
import type { Sealer } from '../../lib/sealed-text.ts'
import { completeRequest, type OpenedPreset } from '../lifecycle/wanted-session.ts'
import type { SessionsOptions } from '../options.ts'
import type {
  FoundPreset,
  NewPresetVersion,
  PresetListQuery,
  PresetStore,
  StoredPreset,
} from '../ports/index.ts'
import { type Caller, listedTenant } from '../records.ts'
import type { SettingPolicy } from '../settings/setting-policy.ts'
import type { SettingsInForce } from '../settings/settings-in-force.ts'
import { type IdempotencyKey, idempotencyWindowMs } from '../turns/idempotency.ts'
import { PresetCheck } from './preset-check.ts'
import { sealConfiguration, unsealConfiguration } from './preset-secrets.ts'

/** A version that a request has led to; `replayed`: an earlier one with the same idempotency key made it. */
export interface MadePreset {
  preset: FoundPreset
  replayed: boolean
}

export interface PresetsParts {
  store: { readonly presets: PresetStore }
  sealer: Sealer
  options: SessionsOptions
  policy: SettingPolicy
  settingsInForce: SettingsInForce
}

/**
 * Presets: versioned configurations of sessions. They are read from the store for each use, so that several nodes see
 * the same.
 */
export class Presets {
  readonly #store: PresetStore
  readonly #sealer: Sealer
  readonly #check: PresetCheck

  constructor({ store, sealer, options, policy, settingsInForce }: PresetsParts) {
    this.#store = store.presets
    this.#sealer = sealer
    this.#check = new PresetCheck(options, policy, settingsInForce)
  }

  /** @throws ServiceError PRESET_EXISTS, PRESET_LIMIT_REACHED, IDEMPOTENCY_KEY_REUSED, and those of the settings */
  create(
    caller: Caller,
    { name, ...version }: OperationInput<'createPreset'>['body'],
    key?: IdempotencyKey,
  ): Promise<MadePreset> {
    return this.#make(caller, name, version, key, (next, since) =>
      this.#store.createPreset(next, presetLimits, since),
    )
  }

  /** @throws ServiceError as `create`, and PRESET_NOT_FOUND, PRESET_ARCHIVED, PRESET_VERSION_CONFLICT */
  async addVersion(
    caller: Caller,
    name: string,
    { expectedVersion, ...version }: OperationInput<'createPresetVersion'>['body'],
    key?: IdempotencyKey,
  ): Promise<MadePreset> {
    await this.get(caller, name)
    return this.#make(caller, name, version, key, (next, since) =>
      this.#store.addPresetVersion(next, expectedVersion, presetLimits, since),
    )
  }

  /** @param version undefined: the newest */
  async get(caller: Caller, name: string, version?: number): Promise<FoundPreset> {
    const isName = presetName.safeParse(name).success
    const preset = isName ? await this.#store.findPreset(caller.tenantId, name, version) : undefined
    if (!preset) throw notFound('PRESET_NOT_FOUND', '')
    return preset
  }

  list(caller: Caller, { tenant, ...query }: PresetListQuery & { tenant: string | undefined }) {
    return this.#store.listPresets(listedTenant(caller, tenant), query)
  }

  async listVersions(
    caller: Caller,
    name: string,
    query: { limit: number; offset: number; before?: number },
  ) {
    await this.get(caller, name)
    return this.#store.listPresetVersions(caller.tenantId, name, query)
  }

  async patch(
    caller: Caller,
    name: string,
    { archived }: OperationInput<'patchPreset'>['body'],
  ): Promise<FoundPreset> {
    const { archivedAt } = await this.get(caller, name)
    const at = archived ? (archivedAt ?? Date.now()) : archived === undefined ? archivedAt : null
    const found = await this.#store.archivePreset(caller.tenantId, name, at)
    if (!found) throw notFound('PRESET_NOT_FOUND', '')
    return this.get(caller, name)
  }

  async remove(caller: Caller, name: string): Promise<void> {
    await this.get(caller, name)
    await this.#store.removePreset(caller.tenantId, name, Date.now())
  }

  /**
   * Opens the preset that a request for a session names.
   * @throws ServiceError PRESET_NOT_FOUND, PRESET_ARCHIVED, PRESET_SECRETS_UNREADABLE
   */
  async open(caller: Caller, reference: string): Promise<OpenedPreset> {
    const asked = readPresetReference(reference)
    const preset = await this.get(caller, asked.name, asked.version)
    if (preset.archivedAt !== null) throw isArchived()
    const { name, version } = preset
    return { reference: { name, version }, configuration: unsealConfiguration(preset, this.#sealer) }
  }

  async #make(
    caller: Caller,
    name: string,
    { description, metadata = {}, configuration }: Omit<OperationInput<'createPreset'>['body'], 'name'>,
    key: IdempotencyKey | undefined,
    store: (next: NewPresetVersion, requestsSince: number) => Promise<StoredPreset>,
  ): Promise<MadePreset> {
    const { tenantId, keyId: createdBy } = caller
    const now = Date.now()
    const since = now - idempotencyWindowMs
    // The configuration of a repeated request need not be allowed any more.
    const known =
      key && (await this.#store.findPresetOfRequest({ tenantId, createdBy, requestKey: key.key }, since))
    if (known && known.requestHash === key?.fingerprint) return { preset: known, replayed: true }
    if (known) throw keyReused()
    await naming(() => this.#check.admit(tenantId, completeRequest(configuration, undefined, {})))
    const stored = await store(
      {
        tenantId,
        name,
        description: description ?? null,
        metadata,
        ...sealConfiguration(configuration, tenantId, this.#sealer),
        sizeBytes: bytesOf(configuration) + bytesOf(metadata),
        createdBy,
        createdAt: now,
        requestKey: key?.key ?? null,
        requestHash: key?.fingerprint ?? null,
      },
      since,
    )
    if ('preset' in stored) return { preset: stored.preset, replayed: stored.outcome === 'repeated' }
    throw toRefusal(stored, name)
  }
}

/** Fields that are wrong are named as the request has them, inside `configuration`. */
async function naming(check: () => Promise<void>): Promise<void> {
  try {
    await check()
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== 'INVALID_REQUEST') throw error
    const { issues } = (error as ServiceError<'INVALID_REQUEST'>).details ?? { issues: [] }
    throw invalidRequest(issues.map(({ path, message }) => ({ path: `configuration.${path}`, message })))
  }
}

function toRefusal(stored: Exclude<StoredPreset, { preset: unknown }>, name: string): ServiceError {
  switch (stored.outcome) {
    case 'key_reused':
      return keyReused()
    case 'missing':
      return notFound('PRESET_NOT_FOUND', '')
    case 'archived':
      return isArchived()
    case 'exists': {
      const message = `There is a preset with this name; POST /presets/${name}/versions adds a version to it`
      return new ServiceError('PRESET_EXISTS', message)
    }
    case 'conflict': {
      const { latestVersion } = stored
      const message = `The newest version is ${latestVersion}, not the expected one`
      return new ServiceError('PRESET_VERSION_CONFLICT', message, { latestVersion })
    }
    case 'full': {
      const { limitName } = stored
      const limit = presetLimits[limitName]
      return new ServiceError('PRESET_LIMIT_REACHED', fullMessages[limitName], { limitName, limit })
    }
  }
}

const { presets, versions, totalBytes } = presetLimits
const fullMessages = {
  presets: `The tenant has ${presets} presets; delete one first`,
  versions: `The preset has ${versions} versions; delete it and create it again, which keeps counting`,
  totalBytes: `The configurations of the tenant's presets would have more than ${totalBytes} bytes; delete a preset first`,
}

function isArchived(): ServiceError<'PRESET_ARCHIVED'> {
  const message = 'The preset is archived; PATCH { "archived": false } makes it usable again'
  return new ServiceError('PRESET_ARCHIVED', message)
}

function bytesOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value))
}

function keyReused(): ServiceError<'IDEMPOTENCY_KEY_REUSED'> {
  const message = 'This Idempotency-Key was used for another request; take a new one for each request'
  return new ServiceError('IDEMPOTENCY_KEY_REUSED', message)
}
