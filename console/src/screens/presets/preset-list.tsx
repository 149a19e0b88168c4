import { Plus, SlidersHorizontal } from 'lucide-react'
import { Link } from 'wouter'
import type { Preset } from '../../../../src/client/index.ts'
import { type ArchivedFilter, useMayManagePresets, usePresets } from '../../api/presets.ts'
import { revealText } from '../../lib/revealed-text.ts'
import { useParameter } from '../../lib/use-parameter.ts'
import { Page } from '../../shell/page.tsx'
import { buttonClasses } from '../../ui/button.tsx'
import { Segmented } from '../../ui/form.tsx'
import { EmptyState, ErrorNotice, SkeletonLines } from '../../ui/notices.tsx'
import { Badge } from '../../ui/small-parts.tsx'
import { MadeBy } from './made-by.tsx'
import { PresetActions } from './preset-actions.tsx'

const filters = [
  { value: 'false', label: 'In use' },
  { value: 'true', label: 'Archived' },
  { value: 'all', label: 'All' },
] as const satisfies { value: ArchivedFilter; label: string }[]

/** The presets of the tenant. */
export function PresetList() {
  const [wanted, setWanted] = useParameter('archived')
  const archived = filters.find(({ value }) => value === wanted)?.value ?? 'false'
  const mayManage = useMayManagePresets()
  const list = usePresets(archived)
  return (
    <Page
      title="Presets"
      actions={mayManage && <NewLink />}
      below={
        <div className="pb-2">
          <Segmented
            label="Which presets"
            options={filters}
            value={archived}
            onChange={value => setWanted(value === 'false' ? null : value)}
          />
        </div>
      }
    >
      {list.isPending && <SkeletonLines count={6} label="Loading presets" />}
      {list.isError && <ErrorNotice error={list.error} onRetry={list.refetch} className="m-4" />}
      {list.data?.length === 0 && <Nothing archived={archived} />}
      {list.data !== undefined && list.data.length > 0 && (
        <ul className="mx-auto max-w-5xl divide-y divide-line px-4">
          {list.data.map(preset => (
            <PresetRow key={preset.name} preset={preset} />
          ))}
        </ul>
      )}
    </Page>
  )
}

function NewLink() {
  return (
    <Link href="/presets/-/new" className={buttonClasses('primary')}>
      <Plus aria-hidden className="size-4" />
      New preset
    </Link>
  )
}

function Nothing({ archived }: { archived: ArchivedFilter }) {
  if (archived === 'true') return <EmptyState icon={<SlidersHorizontal />} title="No presets are archived" />
  return (
    <EmptyState icon={<SlidersHorizontal />} title="No presets yet">
      A preset is a configuration of sessions with a name: a model, a directory, tools, permissions.
    </EmptyState>
  )
}

function PresetRow({ preset }: { preset: Preset }) {
  const { name, version, description, archived } = preset
  return (
    <li className="flex items-center gap-1 py-2">
      <div className="min-w-0 flex-1">
        <div className="flex min-w-0 items-center gap-2">
          <Link
            href={`/presets/${name}`}
            className="target flex min-w-0 items-center font-medium hover:underline"
          >
            <bdi className="truncate">{name}</bdi>
          </Link>
          <Badge>version {version}</Badge>
          {archived && <Badge tone="warn">Archived</Badge>}
        </div>
        {description !== null && (
          <p className="truncate text-muted">
            <bdi>{revealText(description)}</bdi>
          </p>
        )}
        <MadeBy preset={preset} />
      </div>
      <PresetActions preset={preset} />
    </li>
  )
}
