import type { Preset } from '../../../../src/client/index.ts'
import { revealText } from '../../lib/revealed-text.ts'
import { Field, Select } from '../../ui/form.tsx'

interface PresetFieldProps {
  presets: readonly Preset[]
  value: string | null
  onChange: (name: string | null) => void
}

/** The preset of a new session; nothing where there is none to choose. */
export function PresetField({ presets, value, onChange }: PresetFieldProps) {
  if (presets.length === 0 && value === null) return null
  const chosen = presets.find(({ name }) => name === value)
  const hint =
    value === null
      ? 'A configuration that this server has for sessions.'
      : chosen?.description
        ? revealText(chosen.description)
        : 'Directory, model, permissions and all other settings are those of the preset.'
  return (
    <Field label="Preset" hint={hint}>
      {props => (
        <Select {...props} value={value ?? ''} onChange={event => onChange(event.target.value || null)}>
          <option value="">None</option>
          {value !== null && !chosen && <option value={value}>{value}</option>}
          {presets.map(({ name, version }) => (
            <option key={name} value={name}>
              {name}, version {version}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}
