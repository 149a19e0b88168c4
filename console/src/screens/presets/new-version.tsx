import { useState } from 'react'
import { ApiError, type Preset } from '../../../../src/client/index.ts'
import { useAddPresetVersion, useNewestVersion, usePresetVersion } from '../../api/presets.ts'
import { Page } from '../../shell/page.tsx'
import { Fold } from '../../ui/fold.tsx'
import { ErrorNotice, SkeletonLines } from '../../ui/notices.tsx'
import { ConfigurationDiff } from './configuration-diff.tsx'
import { MadeBy } from './made-by.tsx'
import { type Content, PresetForm } from './preset-form.tsx'
import { writeConfiguration } from './read-configuration.ts'

/** Makes the next version of a preset of its newest one. */
export function NewVersion({ name }: { name: string }) {
  const newest = useNewestVersion(name)
  if (newest.data) return <VersionForm base={newest.data} />
  return (
    <Page title={`New version of ${name}`}>
      {newest.isError ? (
        <ErrorNotice error={newest.error} onRetry={newest.refetch} className="m-4" />
      ) : (
        <SkeletonLines count={6} label="Loading the newest version" />
      )}
    </Page>
  )
}

function VersionForm({ base }: { base: Preset }) {
  const { name, version, metadata } = base
  const add = useAddPresetVersion(name)
  /** The newest version that the person has been shown. */
  const [expectedVersion, setExpected] = useState(version)
  const hasMoved = expectedVersion !== version
  const save = ({ description, configuration }: Content, onSaved: (preset: Preset) => void) =>
    add.mutate(
      { description, metadata, configuration, expectedVersion },
      { onSuccess: onSaved, onError: error => setExpected(conflictOf(error) ?? expectedVersion) },
    )
  return (
    <PresetForm
      title={`New version of ${name}`}
      initial={{
        name: null,
        description: base.description ?? '',
        text: writeConfiguration(base.configuration),
      }}
      descriptionHint="What the preset is for, or what is new"
      action={`Add version ${expectedVersion + 1}${hasMoved ? ' anyway' : ''}`}
      saving={add}
      save={save}
      notice={hasMoved && <ConflictNotice base={base} latest={expectedVersion} />}
      cancelTo={`/presets/${name}`}
    />
  )
}

/** The newest version, where it is newer than the expected one; null: the error is another. */
function conflictOf(error: unknown): number | null {
  if (!(error instanceof ApiError) || error.code !== 'PRESET_VERSION_CONFLICT') return null
  const { latestVersion } = error.details
  return typeof latestVersion === 'number' ? latestVersion : null
}

/** Says what has happened while the text was edited. */
function ConflictNotice({ base, latest }: { base: Preset; latest: number }) {
  const { data: newest } = usePresetVersion(base.name, latest)
  return (
    <div role="alert" className="rounded-md bg-warn-soft p-3 text-warn">
      <p className="font-medium">
        Version {latest} was added since you began with version {base.version}.
      </p>
      <p>Your text does not have its changes. Take over what you need, then add yours.</p>
      {newest && (
        <div className="mt-2 text-ink">
          <MadeBy preset={newest} />
          <Fold name={null} isOpen title={`Changes from version ${base.version} to ${latest}`}>
            <ConfigurationDiff before={base.configuration} after={newest.configuration} />
          </Fold>
        </div>
      )}
    </div>
  )
}
