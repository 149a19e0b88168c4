import { expect, test } from 'vitest'
import type { NewPresetVersion, PresetLimits, StoredPreset } from '../../src/sessions/ports/index.ts'
import type { StoreContext } from './store-context.ts'
import { sessionRecord, tenantId } from './store-records.ts'

export const presetLimits: PresetLimits = { presets: 10, versions: 10, totalBytes: 1_000 }

export function presetVersionOf(fields: Partial<NewPresetVersion> = {}): NewPresetVersion {
  return {
    tenantId,
    name: 'reviewer',
    description: null,
    metadata: { team: 'shop' },
    configuration: { maxTurns: 3 },
    secrets: { agentEnv: 'sealed' },
    sizeBytes: 14,
    createdBy: 'key-1',
    createdAt: 2_000,
    requestKey: null,
    requestHash: null,
    ...fields,
  }
}

const numberOf = (stored: StoredPreset) => ('preset' in stored ? stored.preset.version : stored.outcome)

/** What the port `PresetStore` promises. */
export function presetCases(context: StoreContext): void {
  const presets = () => context.store.presets
  const create = (fields: Partial<NewPresetVersion> = {}, within = presetLimits) =>
    presets().createPreset(presetVersionOf(fields), within, 0)
  const add = (fields: Partial<NewPresetVersion> = {}, expected?: number, within = presetLimits) =>
    presets().addPresetVersion(presetVersionOf(fields), expected, within, 0)

  test('versions are stored as they are, and found by name and number', async () => {
    const first = presetVersionOf()
    expect(await create()).toEqual({
      outcome: 'stored',
      preset: { ...first, version: 1, latestVersion: 1, archivedAt: null },
    })
    const second = presetVersionOf({ configuration: { maxTurns: 4 }, description: 'more', secrets: {} })
    expect(numberOf(await add(second))).toBe(2)
    const now = { latestVersion: 2, archivedAt: null }
    expect(await presets().findPreset(tenantId, 'reviewer')).toEqual({ ...second, version: 2, ...now })
    expect(await presets().findPreset(tenantId, 'reviewer', 1)).toEqual({ ...first, version: 1, ...now })
    expect(await presets().findPreset(tenantId, 'reviewer', 3)).toBeUndefined()
    expect(await presets().findPreset('tenant-b', 'reviewer')).toBeUndefined()
    const { presets: versions, total } = await presets().listPresetVersions(tenantId, 'reviewer', {
      limit: 1,
      offset: 0,
    })
    expect([versions.map(({ version }) => version), total]).toEqual([[2], 2])
    const older = await presets().listPresetVersions(tenantId, 'reviewer', {
      ...{ limit: 5, offset: 0, before: 2 },
    })
    expect(older.presets.map(({ version }) => version)).toEqual([1])
  })

  test('a name is taken once in a tenant, however many ask at once', async () => {
    const outcomes = await Promise.all([create(), create(), create(), create({ tenantId: 'tenant-b' })])
    expect(outcomes.map(numberOf).sort()).toEqual([1, 1, 'exists', 'exists'])
    const added = await Promise.all([add(), add(), add()])
    expect(added.map(numberOf).sort()).toEqual([2, 3, 4])
    const guarded = await Promise.all([add({}, 4), add({}, 4)])
    expect(guarded).toContainEqual({ outcome: 'conflict', latestVersion: 5 })
    expect(guarded.map(numberOf)).toContain(5)
    expect(await add({ name: 'other' })).toEqual({ outcome: 'missing' })
  })

  test('a request with a key is stored once', async () => {
    const request = { requestKey: 'k', requestHash: 'h' }
    const made = await Promise.all([create(request), create(request)])
    expect(made.map(numberOf)).toEqual([1, 1])
    expect(made.map(({ outcome }) => outcome).sort()).toEqual(['repeated', 'stored'])
    expect(await create({ ...request, requestHash: 'other' })).toEqual({ outcome: 'key_reused' })
    expect(numberOf(await create({ ...request, createdBy: 'key-2' }))).toBe('exists')
    const next = { requestKey: 'n', requestHash: 'h' }
    expect((await Promise.all([add(next), add(next)])).map(numberOf)).toEqual([2, 2])
    const of = { tenantId, createdBy: 'key-1', requestKey: 'n' }
    expect((await presets().findPresetOfRequest(of, 1_000))?.version).toBe(2)
    expect(await presets().findPresetOfRequest(of, 2_000)).toBeUndefined()
    expect(await presets().findPresetOfRequest({ ...of, tenantId: 'tenant-b' }, 1_000)).toBeUndefined()
  })

  test('a deleted preset is gone, and its versions are never counted again', async () => {
    await create({ requestKey: 'k', requestHash: 'h' })
    await add()
    expect(await presets().removePreset('tenant-b', 'reviewer', 3_000)).toBe(false)
    expect(await presets().removePreset(tenantId, 'reviewer', 3_000)).toBe(true)
    expect(await presets().removePreset(tenantId, 'reviewer', 3_001)).toBe(false)
    expect(await presets().findPreset(tenantId, 'reviewer')).toBeUndefined()
    expect(await presets().findPreset(tenantId, 'reviewer', 1)).toBeUndefined()
    expect(await presets().archivePreset(tenantId, 'reviewer', 4_000)).toBe(false)
    expect(await add()).toEqual({ outcome: 'missing' })
    expect(numberOf(await create({ requestKey: 'k', requestHash: 'h' }))).toBe(3)
    expect(await presets().findPreset(tenantId, 'reviewer', 1)).toBeUndefined()
  })

  test('an archived preset gets no versions until it is usable again', async () => {
    await create()
    expect(await presets().archivePreset('tenant-b', 'reviewer', 4_000)).toBe(false)
    expect(await presets().archivePreset(tenantId, 'reviewer', 4_000)).toBe(true)
    expect(await presets().findPreset(tenantId, 'reviewer')).toMatchObject({ archivedAt: 4_000 })
    expect(await add()).toEqual({ outcome: 'archived' })
    await presets().archivePreset(tenantId, 'reviewer', null)
    expect(numberOf(await add())).toBe(2)
  })

  test('lists are by name, of one tenant or of all, with or without archived ones', async () => {
    for (const name of ['c', 'a', 'b']) await create({ name })
    await create({ name: 'a', tenantId: 'tenant-b' })
    await add({ name: 'a' })
    await presets().archivePreset(tenantId, 'c', 4_000)
    await create({ name: 'gone' })
    await presets().removePreset(tenantId, 'gone', 5_000)
    const list = async (of: string | undefined, query: object = {}) => {
      const found = await presets().listPresets(of, { archived: undefined, limit: 10, offset: 0, ...query })
      return [found.presets.map(preset => `${preset.name}@${preset.version}`), found.total]
    }
    expect(await list(tenantId)).toEqual([['a@2', 'b@1', 'c@1'], 3])
    expect(await list(tenantId, { archived: false })).toEqual([['a@2', 'b@1'], 2])
    expect(await list(tenantId, { archived: true })).toEqual([['c@1'], 1])
    expect(await list(undefined)).toEqual([['a@2', 'a@1', 'b@1', 'c@1'], 4])
    expect(await list(undefined, { limit: 1, offset: 1 })).toEqual([['a@1'], 4])
    expect(await list(undefined, { after: { name: 'a', tenantId } })).toEqual([['a@1', 'b@1', 'c@1'], 4])
    expect(await list(tenantId, { after: { name: 'a', tenantId } })).toEqual([['b@1', 'c@1'], 3])
  })

  test('there is an end to presets, versions and bytes', async () => {
    const full = { presets: 2, versions: 2, totalBytes: 50 }
    await create({}, full)
    await add({}, undefined, full)
    expect(await add({}, undefined, full)).toEqual({ outcome: 'full', limitName: 'versions' })
    expect(await create({ name: 'b', sizeBytes: 23 }, full)).toEqual({
      outcome: 'full',
      limitName: 'totalBytes',
    })
    expect(numberOf(await create({ name: 'b', sizeBytes: 22 }, full))).toBe(1)
    expect(await create({ name: 'c' }, full)).toEqual({ outcome: 'full', limitName: 'presets' })
    expect(numberOf(await create({ tenantId: 'tenant-b' }, full))).toBe(1)
    // Nothing is left of those that were refused.
    await presets().removePreset(tenantId, 'b', 5_000)
    expect(numberOf(await create({ name: 'c' }, full))).toBe(1)
  })

  test('sessions are found by the preset that they were made of', async () => {
    const ids: string[] = []
    for (const [presetName, presetVersion] of [
      ['reviewer', 1],
      ['reviewer', 2],
      ['other', 2],
      [null, null],
    ] as const) {
      const session = sessionRecord({
        presetName,
        presetVersion,
        createdAt: ids.length,
        lastActivityAt: ids.length,
      })
      await context.store.createSession(session, [], 10)
      ids.push(session.id)
      expect(await context.store.findSession(tenantId, session.id)).toMatchObject({
        presetName,
        presetVersion,
      })
    }
    const find = async (filter: object) => {
      const query = { status: 'all', limit: 10, asOf: null, after: null, ...filter } as const
      const { sessions, total } = await context.store.listSessions(tenantId, query)
      expect(total).toBe(sessions.length)
      return sessions.map(({ id }) => ids.indexOf(id))
    }
    expect(await find({ preset: 'reviewer' })).toEqual([1, 0])
    expect(await find({ preset: 'reviewer', presetVersion: 2 })).toEqual([1])
    expect(await find({ preset: 'nothing' })).toEqual([])
  })
}
