import { Checkbox, Field, Input, Segmented } from '../../ui/form.tsx'
import type { Draft, Place } from './new-session.ts'

const places: readonly { value: Place; label: string }[] = [
  { value: 'default', label: 'Default' },
  { value: 'directory', label: 'Directory' },
  { value: 'empty', label: 'Empty' },
  { value: 'git', label: 'Clone' },
  { value: 'worktree', label: 'Worktree' },
]

const hints: Record<Place, string> = {
  default: 'The directory that this server has for new sessions.',
  directory: 'A directory of the server. Other sessions may work in it too.',
  empty: 'A new, empty directory for this session alone.',
  git: 'A clone of a repository, for this session alone.',
  worktree: 'A worktree of a repository on the server, with a branch of its own.',
}

interface PlaceFieldsProps {
  draft: Draft
  onChange: (changes: Partial<Draft>) => void
}

/** Where the session works. */
export function PlaceFields({ draft, onChange }: PlaceFieldsProps) {
  const { place } = draft
  const isMade = place === 'empty' || place === 'git' || place === 'worktree'
  const setWhere = (where: string) => onChange({ where })
  return (
    <div className="card flex flex-col gap-3 p-3">
      {/* Screen readers have it from the group below. */}
      <p aria-hidden className="-mb-2 text-xs font-medium text-muted">
        Where the session works
      </p>
      <div className="flex flex-wrap items-center gap-2">
        <Segmented
          label="Where the session works"
          options={places}
          value={place}
          onChange={next => onChange({ place: next, where: '', ref: '' })}
        />
        <p className="text-xs text-muted">{hints[place]}</p>
      </div>
      {place === 'directory' && <Where label="Directory" {...{ draft, setWhere }} />}
      {place === 'git' && <Where label="URL or path of the repository" {...{ draft, setWhere }} />}
      {place === 'worktree' && <Where label="Directory of the repository" {...{ draft, setWhere }} />}
      {(place === 'git' || place === 'worktree') && (
        <Field
          label={place === 'git' ? 'Branch, tag or commit' : 'Branch'}
          hint={place === 'git' ? 'Empty: the default branch' : 'Empty: a new branch, claude/…'}
        >
          {props => (
            <Input
              {...props}
              className="font-mono"
              value={draft.ref}
              onChange={event => onChange({ ref: event.target.value })}
            />
          )}
        </Field>
      )}
      {isMade && (
        <Checkbox
          label="Remove the directory when the session has ended"
          checked={draft.removeOnEnd}
          onChange={event => onChange({ removeOnEnd: event.target.checked })}
        />
      )}
    </div>
  )
}

function Where({
  label,
  draft,
  setWhere,
}: {
  label: string
  draft: Draft
  setWhere: (where: string) => void
}) {
  return (
    <Field label={label}>
      {props => (
        <Input
          {...props}
          required
          className="font-mono"
          spellCheck={false}
          value={draft.where}
          onChange={event => setWhere(event.target.value)}
        />
      )}
    </Field>
  )
}
