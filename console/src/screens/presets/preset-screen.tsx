import { Link } from 'wouter'
import type { Preset } from '../../../../src/client/index.ts'
import { usePresetVersion, usePresetVersions } from '../../api/presets.ts'
import { cx } from '../../lib/class-names.ts'
import { useParameter } from '../../lib/use-parameter.ts'
import { Page } from '../../shell/page.tsx'
import { Button, buttonClasses } from '../../ui/button.tsx'
import { ErrorNotice, SkeletonLines } from '../../ui/notices.tsx'
import { Badge } from '../../ui/small-parts.tsx'
import { PresetActions } from './preset-actions.tsx'
import { VersionItem } from './version-item.tsx'

/** A preset with its versions, newest first. `?version=` opens one of them. */
export function PresetScreen({ name }: { name: string }) {
  const list = usePresetVersions(name)
  const [parameter] = useParameter('version')
  const versions = list.data?.pages.flatMap(page => page.versions) ?? []
  const newest = versions[0]
  const wanted = toVersion(parameter)
  const isFar = list.isSuccess && wanted !== null && !versions.some(({ version }) => version === wanted)
  const far = usePresetVersion(name, isFar ? wanted : null)
  const opened = wanted ?? newest?.version
  return (
    <Page
      title={name}
      aside={newest?.archived && <Badge tone="warn">Archived</Badge>}
      actions={newest && <PresetActions preset={newest} />}
    >
      <div className="mx-auto flex max-w-5xl flex-col gap-3 p-4">
        {list.isPending && <SkeletonLines count={6} label="Loading versions" />}
        {list.isError && (
          <>
            <ErrorNotice error={list.error} onRetry={list.refetch} />
            <Link href="/presets" className={cx(buttonClasses(), 'self-start')}>
              All presets
            </Link>
          </>
        )}
        {far.isError && <ErrorNotice error={far.error} />}
        <ul className="flex flex-col gap-2 empty:hidden">
          {(far.data && isFar ? [far.data, ...versions] : versions).map((preset, index, all) => (
            <VersionItem
              // A link to another version opens that one.
              key={`${preset.version} ${preset.version === opened}`}
              preset={preset}
              previous={previousOf(preset, all[index + 1])}
              isOpen={preset.version === opened}
            />
          ))}
        </ul>
        {list.hasNextPage && (
          <Button busy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()} className="self-start">
            Show older versions
          </Button>
        )}
      </div>
    </Page>
  )
}

function toVersion(parameter: string | null): number | null {
  return parameter !== null && /^[1-9]\d{0,8}$/.test(parameter) ? Number(parameter) : null
}

/** The next one of the list, if it is the version before. */
function previousOf({ version }: Preset, next: Preset | undefined): Preset | undefined {
  return next !== undefined && next.version < version ? next : undefined
}
