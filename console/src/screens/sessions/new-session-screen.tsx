import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useLocation } from 'wouter'
import { client } from '../../api/connection.ts'
import { sessionsKey } from '../../api/sessions.ts'
import { stored } from '../../lib/stored.ts'
import { EffortSelect, ModelSelect, ModeSelect } from '../../parts/setting-selects.tsx'
import { Page } from '../../shell/page.tsx'
import { Button } from '../../ui/button.tsx'
import { Checkbox, Field, Input, TextArea } from '../../ui/form.tsx'
import { ErrorNotice } from '../../ui/notices.tsx'
import { type Draft, emptyDraft, toRequest } from './new-session.ts'
import { PlaceFields } from './place-fields.tsx'

/** The choices of the last session, which are likely those of the next. */
const remembered = 'newSession'

function firstDraft(): Draft {
  try {
    return { ...emptyDraft, ...JSON.parse(stored.get(remembered) ?? '{}') }
  } catch {
    return emptyDraft
  }
}

/** Makes a session and gives it its first prompt. */
export default function NewSessionScreen() {
  const [, navigate] = useLocation()
  const queries = useQueryClient()
  const [draft, setDraft] = useState(firstDraft)
  const set = (changes: Partial<Draft>) => setDraft(before => ({ ...before, ...changes }))

  const create = useMutation({
    async mutationFn(wanted: Draft) {
      const session = await client.createSession(toRequest(wanted))
      if (wanted.prompt.trim() !== '') {
        // The session is there: a prompt that is refused waits in its composer.
        await session.submit(wanted.prompt).catch(() => stored.set(`draft.${session.id}`, wanted.prompt))
      }
      return session.id
    },
    onSuccess(sessionId, { prompt: _, title: __, ...choices }) {
      stored.set(remembered, JSON.stringify(choices))
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
      <form onSubmit={submit} className="mx-auto flex max-w-2xl flex-col gap-4 p-4">
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
              onChange={event => set({ prompt: event.target.value })}
              onKeyDown={event => {
                if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event)
              }}
            />
          )}
        </Field>
        <PlaceFields draft={draft} onChange={set} />
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Model">
            {props => (
              <ModelSelect {...props} value={draft.model} onChange={model => set({ model, effort: null })} />
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
        <Checkbox
          label="Ask me before Claude does what it has no permission for"
          checked={draft.asks}
          onChange={event => set({ asks: event.target.checked })}
        />
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
