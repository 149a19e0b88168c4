import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useLocation } from 'wouter'
import { client } from '../../api/connection.ts'
import { usePresets } from '../../api/presets.ts'
import { sessionsKey } from '../../api/sessions.ts'
import { outbox } from '../../api/use-outbox.ts'
import { stored, storedInTab } from '../../lib/stored.ts'
import { useParameter } from '../../lib/use-parameter.ts'
import { EffortSelect, ModelSelect, ModeSelect } from '../../parts/setting-selects.tsx'
import { Page } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Checkbox, Field, Input, TextArea } from '../../ui/form.tsx'
import { ErrorNotice } from '../../ui/notices.tsx'
import { choicesOf, type Draft, emptyDraft, hasChoices, openDraft, toRequest } from './new-session.ts'
import { PlaceFields } from './place-fields.tsx'
import { PresetField } from './preset-field.tsx'

/** The choices of the last session, which are likely those of the next. */
const remembered = 'newSession'
/** The prompt, so that a reload does not lose it. */
const promptName = 'newSession.prompt'

function firstDraft(preset: string | null): Draft {
  return openDraft(stored.get(remembered), storedInTab.get(promptName), preset)
}

/** Makes a session and gives it its first prompt. */
export default function NewSessionScreen() {
  const [, navigate] = useLocation()
  const queries = useQueryClient()
  const [named] = useParameter('preset')
  const [draft, setDraft] = useState(() => firstDraft(named))
  const [areLast, setAreLast] = useState(() => named === null && hasChoices(draft))
  const { data: presets = [] } = usePresets()
  const preset = presets.find(({ name }) => name === draft.preset)
  const isOwn = draft.preset === null
  const set = (changes: Partial<Draft>) => setDraft(before => ({ ...before, ...changes }))
  const setPrompt = (prompt: string) => {
    storedInTab.set(promptName, prompt || null)
    set({ prompt })
  }
  const takeDefaults = () => {
    setAreLast(false)
    set(choicesOf(emptyDraft))
  }

  const create = useMutation({
    async mutationFn(wanted: Draft) {
      return (await client.createSession(toRequest(wanted, preset))).id
    },
    onSuccess(sessionId, wanted) {
      const { prompt } = wanted
      if (prompt.trim() !== '') outbox.send(sessionId, { prompt, text: prompt })
      stored.set(remembered, JSON.stringify(choicesOf(wanted)))
      storedInTab.set(promptName, null)
      navigate(`/sessions/${sessionId}`)
      return queries.invalidateQueries({ queryKey: sessionsKey })
    },
  })

  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate(draft)
  }

  return (
    <Page title="New session">
      {/* An error is about what was sent, not about what is there now. */}
      <form
        onSubmit={submit}
        onChange={() => create.isError && create.reset()}
        className="mx-auto flex max-w-2xl flex-col gap-4 p-4"
      >
        <Field
          label="Prompt"
          hint="What Claude should do first. It can also wait until the session is there."
        >
          {props => (
            <TextArea
              {...props}
              autoFocus
              rows={5}
              value={draft.prompt}
              onChange={event => setPrompt(event.target.value)}
              onKeyDown={event => {
                if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event)
              }}
            />
          )}
        </Field>
        {areLast && (
          <div className="flex flex-wrap items-center gap-2 text-xs text-muted">
            Preset, place, model and permissions are those of the session that you made last.
            <Button size="small" onClick={takeDefaults}>
              Use the defaults
            </Button>
          </div>
        )}
        <PresetField presets={presets} value={draft.preset} onChange={name => set({ preset: name })} />
        {isOwn && <PlaceFields draft={draft} onChange={set} />}
        <div className="grid gap-4 sm:grid-cols-2">
          {isOwn && (
            <>
              <Field label="Model">
                {props => (
                  <ModelSelect
                    {...props}
                    value={draft.model}
                    onChange={model => set({ model, effort: null })}
                  />
                )}
              </Field>
              <Field label="Effort">
                {props => (
                  <EffortSelect
                    {...props}
                    model={draft.model}
                    value={draft.effort}
                    onChange={effort => set({ effort })}
                  />
                )}
              </Field>
              <Field label="Permissions">
                {props => (
                  <ModeSelect
                    {...props}
                    value={draft.permissionMode}
                    onChange={permissionMode => set({ permissionMode })}
                  />
                )}
              </Field>
            </>
          )}
          <Field label="Budget in US dollars" hint="Empty: no limit">
            {props => (
              <Input
                {...props}
                type="number"
                inputMode="decimal"
                min="0.01"
                step="any"
                value={draft.budget}
                onChange={event => set({ budget: event.target.value })}
              />
            )}
          </Field>
          <Field label="Title" hint="Empty: Claude finds one, if it can">
            {props => (
              <Input
                {...props}
                maxLength={500}
                value={draft.title}
                onChange={event => set({ title: event.target.value })}
              />
            )}
          </Field>
          <Field label="Tags" hint="Separated by commas">
            {props => (
              <Input {...props} value={draft.tags} onChange={event => set({ tags: event.target.value })} />
            )}
          </Field>
        </div>
        {preset?.configuration.permissionPrompts === undefined && (
          <Checkbox
            label="Ask me before Claude does what it has no permission for"
            checked={draft.asks}
            onChange={event => set({ asks: event.target.checked })}
          />
        )}
        {create.isError && <ErrorNotice error={create.error} />}
        <div className="flex justify-end">
          <Button type="submit" variant="primary" size="large" busy={create.isPending}>
            {draft.prompt.trim() === '' ? 'Create session' : 'Create and send'}
          </Button>
        </div>
      </form>
    </Page>
  )
}
