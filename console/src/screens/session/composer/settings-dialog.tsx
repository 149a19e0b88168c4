import { type FormEvent, useState } from 'react'
import type { PatchSessionRequest, Session } from '../../../../../src/client/index.ts'
import { usePatchSession } from '../../../api/sessions.ts'
import { EffortSelect, ModelSelect, ModeSelect } from '../../../parts/setting-selects.tsx'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Field, Input } from '../../../ui/form.tsx'
import { ErrorNotice } from '../../../ui/notices.tsx'

interface SettingsDialogProps {
  session: Session
  onClose: () => void
}

/** The model, the permission mode, the effort and the budget of the turns to come. */
export function SettingsDialog({ session: { sessionId, config }, onClose }: SettingsDialogProps) {
  const patch = usePatchSession(sessionId)
  const [model, setModel] = useState(config.model)
  const [permissionMode, setMode] = useState(config.permissionMode)
  const [effort, setEffort] = useState(config.effort ?? null)
  const [budget, setBudget] = useState(config.maxBudgetUsd === undefined ? '' : String(config.maxBudgetUsd))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const maxBudgetUsd = budget.trim() === '' ? null : Number(budget)
    const changes: PatchSessionRequest = {
      ...(model !== config.model && { model }),
      ...(permissionMode !== config.permissionMode && { permissionMode }),
      ...(effort !== (config.effort ?? null) && { effort }),
      ...(maxBudgetUsd !== (config.maxBudgetUsd ?? null) && { maxBudgetUsd }),
    }
    if (Object.keys(changes).length === 0) return onClose()
    patch.mutate(changes, { onSuccess: onClose })
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Session settings"
      description="They apply from the next turn on."
    >
      <form onSubmit={submit} onChange={() => patch.isError && patch.reset()} className="flex flex-col gap-3">
        <Field label="Model">{props => <ModelSelect {...props} value={model} onChange={setModel} />}</Field>
        <Field label="Permissions">
          {props => <ModeSelect {...props} value={permissionMode} onChange={mode => mode && setMode(mode)} />}
        </Field>
        <Field label="Effort">
          {props => <EffortSelect {...props} model={model} value={effort} onChange={setEffort} />}
        </Field>
        <Field
          label="Budget in US dollars"
          hint="What the session may cost in all. Empty: no limit of its own."
        >
          {props => (
            <Input
              {...props}
              type="number"
              inputMode="decimal"
              min={0.01}
              step="any"
              value={budget}
              onChange={event => setBudget(event.target.value)}
            />
          )}
        </Field>
        {patch.isError && <ErrorNotice error={patch.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={patch.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
