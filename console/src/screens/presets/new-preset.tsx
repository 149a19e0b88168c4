import { useCreatePreset } from '../../api/presets.ts'
import { PresetForm } from './preset-form.tsx'

const empty = { name: '', description: '', text: '{\n  \n}' }

/** Makes a preset with its first version. */
export function NewPreset() {
  const create = useCreatePreset()
  return (
    <PresetForm
      title="New preset"
      initial={empty}
      descriptionHint="What the preset is for"
      action="Create preset"
      saving={create}
      save={(content, onSaved) => create.mutate(content, { onSuccess: onSaved })}
      cancelTo="/presets"
    />
  )
}
