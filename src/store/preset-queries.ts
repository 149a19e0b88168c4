import { sql } from 'kysely'
import type { PresetListQuery } from '../sessions/ports/index.ts'
import { prepared, preparedBy, preparedInsert } from './query.ts'
import type { QueryBuilder } from './schema.ts'

interface Named {
  tenantId: string
  name: string
}

/** Adds the row of a preset, before its first version, unless there is one. */
export const insertIfNew = prepared((db, of: Named) =>
  db
    .insertInto('presets')
    .values({
      tenant_id: of.tenantId,
      name: of.name,
      version: sql.lit(0),
      archived_at: null,
      deleted_at: null,
    })
    .onConflict(conflict => conflict.columns(['tenant_id', 'name']).doNothing()),
)

/** Also locks the row. */
export const selectHead = prepared((db, of: Named, { locksRows }) => {
  const selection = db
    .selectFrom('presets')
    .select(['version', 'archived_at', 'deleted_at'])
    .where('tenant_id', '=', of.tenantId)
    .where('name', '=', of.name)
  return locksRows ? selection.forUpdate() : selection
})

export const raiseVersion = prepared((db, of: Named & { version: number }) =>
  db
    .updateTable('presets')
    .set({ version: of.version, deleted_at: null })
    .where('tenant_id', '=', of.tenantId)
    .where('name', '=', of.name),
)

export const insertVersion = preparedInsert('preset_versions')

export const setArchived = prepared((db, of: Named & { archivedAt: number | null }) =>
  db
    .updateTable('presets')
    .set({ archived_at: of.archivedAt })
    .where('tenant_id', '=', of.tenantId)
    .where('name', '=', of.name)
    .where('deleted_at', 'is', null),
)

export const markDeleted = prepared((db, of: Named & { now: number }) =>
  db
    .updateTable('presets')
    .set({ deleted_at: of.now, archived_at: null })
    .where('tenant_id', '=', of.tenantId)
    .where('name', '=', of.name)
    .where('deleted_at', 'is', null),
)

export const deleteVersions = prepared((db, of: Named) =>
  db.deleteFrom('preset_versions').where('tenant_id', '=', of.tenantId).where('name', '=', of.name),
)

/** Removes what is left of the presets that were deleted first, beyond those that are kept. */
export const deleteForgotten = prepared((db, of: { tenantId: string; keep: number }) =>
  db
    .deleteFrom('presets')
    .where('tenant_id', '=', of.tenantId)
    .where('deleted_at', 'is not', null)
    .where('name', 'not in', eb =>
      eb
        .selectFrom('presets as kept')
        .select('kept.name')
        .where('kept.tenant_id', '=', of.tenantId)
        .where('kept.deleted_at', 'is not', null)
        .orderBy('kept.deleted_at', 'desc')
        .limit(of.keep),
    ),
)

/** How many presets a tenant has, their bytes, and how many versions one of them has. */
export const selectUse = prepared((db, of: Named) =>
  db.selectNoFrom(eb => [
    eb
      .selectFrom('presets')
      .select(part => part.fn.countAll<number>().as('count'))
      .where('tenant_id', '=', of.tenantId)
      .where('deleted_at', 'is', null)
      .$asScalar()
      .$notNull()
      .as('presets'),
    eb
      .selectFrom('preset_versions')
      .select(part => part.fn.countAll<number>().as('count'))
      .where('tenant_id', '=', of.tenantId)
      .where('name', '=', of.name)
      .$asScalar()
      .$notNull()
      .as('versions'),
    eb
      .selectFrom('preset_versions')
      .select(sql<number>`cast(coalesce(sum(size_bytes), 0) as bigint)`.as('bytes'))
      .where('tenant_id', '=', of.tenantId)
      .$asScalar()
      .$notNull()
      .as('bytes'),
  ]),
)

/** Versions with what is true of their presets now. */
function found(db: QueryBuilder) {
  return db
    .selectFrom('preset_versions as version')
    .innerJoin('presets as head', join =>
      join.onRef('head.tenant_id', '=', 'version.tenant_id').onRef('head.name', '=', 'version.name'),
    )
    .selectAll('version')
    .select(['head.version as latest_version', 'head.archived_at'])
    .where('head.deleted_at', 'is', null)
}

/** One version; undefined: the newest. */
export function selectPreset(of: Named, version: number | undefined) {
  return selectOne(version === undefined ? 'newest' : 'version', { ...of, version: version ?? 0 })
}

const selectOne = preparedBy((db, of: Named & { version: number }, shape: 'newest' | 'version') => {
  const selection = found(db).where('version.tenant_id', '=', of.tenantId).where('version.name', '=', of.name)
  return shape === 'newest'
    ? selection.whereRef('version.version', '=', 'head.version')
    : selection.where('version.version', '=', of.version)
})

export const selectOfRequest = prepared(
  (db, of: { tenantId: string; createdBy: string; requestKey: string; since: number }) =>
    found(db)
      .where('version.tenant_id', '=', of.tenantId)
      .where('version.created_by', '=', of.createdBy)
      .where('version.request_key', '=', of.requestKey)
      .where('version.created_at', '>', of.since)
      .orderBy('version.created_at', 'desc')
      .limit(1),
)

export const selectVersions = prepared((db, of: Named & { before: number; limit: number; offset: number }) =>
  found(db)
    .where('version.tenant_id', '=', of.tenantId)
    .where('version.name', '=', of.name)
    .where('version.version', '<', of.before)
    .orderBy('version.version', 'desc')
    .limit(of.limit)
    .offset(of.offset),
)

export const countVersions = prepared((db, of: Named) =>
  db
    .selectFrom('preset_versions')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where('tenant_id', '=', of.tenantId)
    .where('name', '=', of.name),
)

type Shape = `${'all' | 'tenant'} ${'any' | 'archived' | 'usable'} ${'first' | 'next'}`

interface PageValues {
  tenantId: string
  limit: number
  offset: number
  afterName: string
  afterTenant: string
}

function shapeOf(tenantId: string | undefined, archived: boolean | undefined, isNext: boolean): Shape {
  const state = archived === undefined ? 'any' : archived ? 'archived' : 'usable'
  return `${tenantId === undefined ? 'all' : 'tenant'} ${state} ${isNext ? 'next' : 'first'}`
}

export function selectPresets(
  tenantId: string | undefined,
  { archived, after, limit, offset }: PresetListQuery,
) {
  return selectPage(shapeOf(tenantId, archived, after !== undefined), {
    tenantId: tenantId ?? '',
    limit,
    offset,
    afterName: after?.name ?? '',
    afterTenant: after?.tenantId ?? '',
  })
}

const selectPage = preparedBy((db, page: PageValues, shape: Shape) => {
  let selection = found(db).whereRef('version.version', '=', 'head.version')
  if (shape.startsWith('tenant')) selection = selection.where('version.tenant_id', '=', page.tenantId)
  if (shape.includes('archived')) selection = selection.where('head.archived_at', 'is not', null)
  if (shape.includes('usable')) selection = selection.where('head.archived_at', 'is', null)
  if (shape.endsWith('next')) {
    selection = selection.where(eb =>
      eb(
        eb.refTuple('version.name', 'version.tenant_id'),
        '>',
        eb.tuple(eb.val(page.afterName), eb.val(page.afterTenant)),
      ),
    )
  }
  return selection.orderBy('version.name').orderBy('version.tenant_id').limit(page.limit).offset(page.offset)
})

export function countPresets(tenantId: string | undefined, archived: boolean | undefined) {
  return countMatching(shapeOf(tenantId, archived, false), { tenantId: tenantId ?? '' })
}

const countMatching = preparedBy((db, of: Pick<PageValues, 'tenantId'>, shape: Shape) => {
  let selection = db.selectFrom('presets').where('deleted_at', 'is', null)
  if (shape.startsWith('tenant')) selection = selection.where('tenant_id', '=', of.tenantId)
  if (shape.includes('archived')) selection = selection.where('archived_at', 'is not', null)
  if (shape.includes('usable')) selection = selection.where('archived_at', 'is', null)
  return selection.select(eb => eb.fn.countAll<number>().as('count'))
})
