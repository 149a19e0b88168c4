import { type FormEvent, type ReactNode, useState } from 'react'
import { flushSync } from 'react-dom'
import { useLocation } from 'wouter'
import type { Preset } from '../../../../src/client/index.ts'
import { useUnsaved } from '../../lib/unsaved.ts'
import { Page } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/form.tsx'
import { ErrorNotice } from '../../ui/notices.tsx'
import { say } from '../../ui/toasts.tsx'
import { ConfigurationField } from './configuration-field.tsx'
import { sortFaults } from './faults.ts'
import { readConfiguration } from './read-configuration.ts'

/** The form as it is typed. */
export interface Draft {
  /** null: the preset has a name. */
  name: string | null
  description: string
  text: string
}

export interface Content {
  name: string
  description: string | undefined
  configuration: Preset['configuration']
}

interface PresetFormProps {
  title: string
  initial: Draft
  /** Says what the description describes. */
  descriptionHint: string
  action: string
  saving: { isPending: boolean; error: unknown; reset: () => void }
  save: (content: Content, onSaved: (preset: Preset) => void) => void
  /** Stands above the fields, such as what has happened meanwhile. */
  notice?: ReactNode
  cancelTo: string
}

/** The form of a new preset, or of a new version. Text that was typed is not lost without a question. */
export function PresetForm(props: PresetFormProps) {
  const { title, initial, descriptionHint, action, saving, save, notice, cancelTo } = props
  const [, navigate] = useLocation()
  const [draft, setDraft] = useState(initial)
  const [isSaved, setIsSaved] = useState(false)
  const isChanged = JSON.stringify(draft) !== JSON.stringify(initial)
  useUnsaved(isChanged && !isSaved)
  const { configuration } = readConfiguration(draft.text)
  const faults = sortFaults(saving.error)
  const set = (changes: Partial<Draft>) => {
    // Faults are about what was sent, not about what is there now.
    if (saving.error !== null) saving.reset()
    setDraft(before => ({ ...before, ...changes }))
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (configuration === undefined) return
    const { name, description } = draft
    const content = { name: name ?? '', description: description.trim() || undefined, configuration }
    save(content, preset => {
      // The page may move now.
      flushSync(() => setIsSaved(true))
      say(`${preset.name}, version ${preset.version}, is there`)
      navigate(`/presets/${preset.name}`)
    })
  }
  return (
    <Page title={title}>
      <form onSubmit={submit} className="mx-auto flex max-w-3xl flex-col gap-4 p-4">
        {notice}
        {draft.name !== null && (
          <NameField value={draft.name} error={faults.name} onChange={name => set({ name })} />
        )}
        <Field label="Description" hint={descriptionHint} error={faults.description}>
          {field => (
            <Input
              {...field}
              maxLength={2_000}
              value={draft.description}
              onChange={event => set({ description: event.target.value })}
            />
          )}
        </Field>
        <ConfigurationField
          value={draft.text}
          onChange={text => set({ text })}
          faults={faults.configuration}
        />
        {faults.other != null && <ErrorNotice error={faults.other} />}
        <div className="flex justify-end gap-2">
          <Button onClick={() => navigate(cancelTo)}>Cancel</Button>
          <Button
            type="submit"
            variant="primary"
            busy={saving.isPending}
            disabled={!isChanged || configuration === undefined}
          >
            {action}
          </Button>
        </div>
      </form>
    </Page>
  )
}

interface NameFieldProps {
  value: string
  error: string | undefined
  onChange: (name: string) => void
}

function NameField({ value, error, onChange }: NameFieldProps) {
  return (
    <Field label="Name" hint="1 to 63 of a-z, 0-9, ., _ and -. It cannot be changed later." error={error}>
      {props => (
        <Input
          {...props}
          autoFocus
          required
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          maxLength={63}
          value={value}
          onChange={event => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}
