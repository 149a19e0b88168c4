import { z } from 'zod'
import { permissionMode } from './permission-mode.ts'
import { requestedSettings } from './session-settings.ts'
import { workspaceRequest } from './workspace.ts'

export const model = z.string().min(1).max(200)
export const maxTurns = z
  .int()
  .min(1)
  .max(1000)
  .meta({ description: 'Agentic turns that one prompt may take; absent: unlimited' })

/** The configuration of a new session; presets have the same fields. */
export const sessionConfiguration = z.strictObject({
  model: model.optional().meta({ description: "Model id or alias; absent: Claude Code's default" }),
  cwd: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .meta({ description: 'Working directory; must lie inside an allowed root' }),
  workspace: workspaceRequest.optional(),
  permissionMode: permissionMode.optional().meta({ default: 'default' }),
  appendSystemPrompt: z
    .string()
    .max(200_000)
    .optional()
    .meta({ description: 'Text that is added to the system prompt (SDK option `systemPrompt.append`)' }),
  maxTurns: maxTurns.optional(),
  ...requestedSettings,
})

const namePattern = '[a-z0-9][a-z0-9._-]{0,62}'

export const presetName = z
  .string()
  .regex(
    new RegExp(`^${namePattern}$`),
    'must be 1 to 63 of a-z, 0-9, ., _ and -, and begin with a letter or digit',
  )
  .meta({ description: 'The name of the preset' })

/** Versions count from 1. */
export const presetVersion = z.int().min(1).max(999_999_999)

export const presetReference = z
  .string()
  .regex(
    new RegExp(`^${namePattern}(@[1-9][0-9]{0,8})?$`),
    'must be the name of a preset, or a name, @ and a version, as in reviewer@3',
  )
  .meta({
    description:
      'The preset that the configuration comes from: a name for its newest version, or `name@version`. Fields of the request replace those of the preset',
  })

export const usedPreset = z
  .strictObject({
    name: presetName,
    version: presetVersion.meta({ description: 'The version that was used' }),
  })
  .meta({ id: 'UsedPreset' })

export type SessionConfiguration = z.output<typeof sessionConfiguration>
export type UsedPreset = z.infer<typeof usedPreset>

/** The name and, if it has one, the version of a valid reference to a preset. */
export function readPresetReference(reference: string): { name: string; version: number | undefined } {
  const [name = '', version] = reference.split('@')
  return { name, version: version === undefined ? undefined : Number(version) }
}

/** Whether a session that was made of this preset, or of none, is one of the preset that a valid reference names. */
export function isPreset(used: UsedPreset | null, reference: string): boolean {
  const { name, version } = readPresetReference(reference)
  return used?.name === name && (version === undefined || used.version === version)
}
