import { Folder, GitBranch, GitFork, SlidersHorizontal } from 'lucide-react'
import { Link } from 'wouter'
import type { Session } from '../../../../src/client/index.ts'
import { useBoundSession } from '../../api/login-context.tsx'
import { formatCost, shortPath } from '../../lib/format.ts'
import { revealText } from '../../lib/revealed-text.ts'
import { TagLinks } from '../../parts/tag-links.tsx'

/** Where a session works, with which model, and what it has cost. */
export function SessionFacts({ session }: { session: Session }) {
  const { workingDirectory, workspace, model, config, costUsd, forkedFrom, preset, tags } = session
  const branch = 'branch' in workspace && typeof workspace.branch === 'string' ? workspace.branch : null
  const shownModel = model ?? config.model
  return (
    <dl className="flex gap-x-4 overflow-hidden pb-1 text-xs whitespace-nowrap text-muted">
      <div className="flex min-w-0 items-center gap-1">
        <dt>
          <Folder role="img" aria-label="Directory" className="size-3.5" />
        </dt>
        <dd className="truncate" title={revealText(workingDirectory)}>
          <bdi>{revealText(shortPath(workingDirectory))}</bdi>
        </dd>
      </div>
      {branch !== null && (
        <div className="flex min-w-0 items-center gap-1">
          <dt>
            <GitBranch role="img" aria-label="Branch" className="size-3.5" />
          </dt>
          <dd className="truncate">
            <bdi>{revealText(branch)}</bdi>
          </dd>
        </div>
      )}
      {preset && (
        <div className="flex min-w-0 items-center gap-1 max-sm:hidden">
          <dt>
            <SlidersHorizontal role="img" aria-label="Preset" className="size-3.5" />
          </dt>
          <dd className="truncate">
            <PresetName preset={preset} />
          </dd>
        </div>
      )}
      {shownModel !== null && (
        <div className="min-w-0 max-sm:hidden">
          <dt className="sr-only">Model</dt>
          <dd className="truncate">
            <bdi>{shownModel}</bdi>
          </dd>
        </div>
      )}
      <div>
        <dt className="sr-only">Cost</dt>
        <dd className="tabular-nums">{formatCost(costUsd)}</dd>
      </div>
      {forkedFrom && (
        <div className="flex items-center gap-1 max-sm:hidden">
          <dt>
            <GitFork role="img" aria-label="Forked from" className="size-3.5" />
          </dt>
          <dd>
            <Link
              href={`/sessions/${forkedFrom.sessionId}`}
              title="The fork works in the directory of its original"
              className="underline"
            >
              original
            </Link>
            , same directory
          </dd>
        </div>
      )}
      {tags.length > 0 && (
        <div>
          <dt className="sr-only">Tags</dt>
          <dd>
            <TagLinks tags={tags} onPhones />
          </dd>
        </div>
      )}
    </dl>
  )
}

/** A link, for those who see presets. */
function PresetName({ preset: { name, version } }: { preset: NonNullable<Session['preset']> }) {
  const bound = useBoundSession()
  const text = `${name}, version ${version}`
  if (bound !== null) return text
  return (
    <Link href={`/presets/${name}?version=${version}`} className="underline">
      {text}
    </Link>
  )
}
