import type { ComponentProps } from 'react'
import type { Effort, ModelInfo, PermissionMode } from '../../../src/client/index.ts'
import { useModels } from '../api/sessions.ts'
import { modeNames } from '../lib/mode-names.ts'
import { Select } from '../ui/form.tsx'

type Own = 'value' | 'onChange' | 'children'

interface ChoiceProps<T> extends Omit<ComponentProps<'select'>, Own> {
  value: T | null
  onChange: (value: T | null) => void
}

export function ModelSelect({ value, onChange, ...props }: ChoiceProps<string>) {
  const { data = [] } = useModels()
  // The first choice says the same.
  const models = data.filter(({ id }) => id !== 'default' || value === 'default')
  const isUnknown = value !== null && !models.some(({ id }) => id === value)
  return (
    <Select {...props} value={value ?? ''} onChange={event => onChange(event.target.value || null)}>
      <option value="">Default model</option>
      {isUnknown && <option value={value}>{value}</option>}
      {models.map(model => (
        <option key={model.id} value={model.id}>
          {model.name}
        </option>
      ))}
    </Select>
  )
}

export function ModeSelect({ value, onChange, ...props }: ChoiceProps<PermissionMode>) {
  return (
    <Select
      {...props}
      value={value ?? 'default'}
      onChange={event => onChange(event.target.value as PermissionMode)}
    >
      {Object.entries(modeNames).map(([mode, name]) => (
        <option key={mode} value={mode}>
          {name}
          {/* The API does not tell whether the server refuses it, as most do. */}
          {mode === 'bypassPermissions' && value !== mode && ', if the server permits it'}
        </option>
      ))}
    </Select>
  )
}

const allEfforts: readonly Effort[] = ['low', 'medium', 'high', 'xhigh', 'max']

/** The efforts that a model takes; an unknown model may take all. */
export function effortsOf(models: readonly ModelInfo[] | undefined, model: string | null): readonly Effort[] {
  return models?.find(({ id }) => id === model)?.effortLevels ?? allEfforts
}

export function EffortSelect({
  model,
  value,
  onChange,
  ...props
}: ChoiceProps<Effort> & { model: string | null }) {
  const { data: models } = useModels()
  const efforts = effortsOf(models, model)
  return (
    <Select
      {...props}
      disabled={props.disabled || efforts.length === 0}
      value={value ?? ''}
      onChange={event => onChange((event.target.value || null) as Effort | null)}
    >
      <option value="">{efforts.length === 0 ? 'Not for this model' : 'Default effort'}</option>
      {efforts.map(effort => (
        <option key={effort} value={effort}>
          {effort}
        </option>
      ))}
    </Select>
  )
}
