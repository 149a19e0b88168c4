import type {
  SessionConfigOption,
  SessionConfigSelectOption,
  SessionModeState,
  SetSessionConfigOptionRequest,
} from '@agentclientprotocol/sdk'
import type { Effort, ModelInfo, PatchSessionRequest, PermissionMode, Session } from '../../client/index.ts'
import { effort as effortSchema } from '../../contract/agent-definitions.ts'
import { invalid } from './errors.ts'

/** The part of a session that a client can change. */
export interface Choices {
  mode: PermissionMode
  model: string | null
  effort: Effort | null
}

const modes: { id: PermissionMode; name: string; description: string }[] = [
  { id: 'default', name: 'Default', description: 'Asks before tools change anything' },
  { id: 'acceptEdits', name: 'Accept edits', description: 'Edits files without asking' },
  { id: 'plan', name: 'Plan', description: 'Reads, and proposes a plan' },
  { id: 'dontAsk', name: "Don't ask", description: 'Refuses what is not allowed already' },
  { id: 'auto', name: 'Auto', description: 'A model decides what needs to be asked' },
  {
    id: 'bypassPermissions',
    name: 'Bypass permissions',
    description: 'Asks nothing; not every server allows it',
  },
]
const efforts: readonly Effort[] = effortSchema.options
/** The value of an option that leaves the choice to Claude Code. */
const byDefault = 'default'

export function choicesOf({ config: { permissionMode, model, effort } }: Session): Choices {
  return { mode: permissionMode, model, effort: effort ?? null }
}

export function toModes({ mode }: Choices): SessionModeState {
  return { currentModeId: mode, availableModes: modes }
}

export function toMode(modeId: string): PermissionMode {
  const found = modes.find(({ id }) => id === modeId)
  if (!found) throw invalid('modeId', `must be one of ${modes.map(({ id }) => id).join(', ')}`)
  return found.id
}

/** The options of a session as clients show them. */
export function toConfigOptions(choices: Choices, models: readonly ModelInfo[]): SessionConfigOption[] {
  const mode = modes.map(({ id, name, description }) => ({ value: id, name, description }))
  const model = withDefault(
    models.map(({ id, name, description = null }) => ({ value: id, name, description })),
    choices.model,
  )
  const effort = withDefault(
    efforts.map(value => ({ value, name: value })),
    choices.effort,
  )
  return [
    toSelect('mode', 'Mode', 'mode', choices.mode, mode),
    toSelect('model', 'Model', 'model', choices.model ?? byDefault, model),
    toSelect('effort', 'Effort', 'thought_level', choices.effort ?? byDefault, effort),
  ]
}

/** The change of the session that setting an option is. */
export function toChange(request: SetSessionConfigOptionRequest): PatchSessionRequest {
  const { configId, value } = request
  if (typeof value !== 'string') throw invalid('value', 'must be a string: no option is a boolean')
  const given = value === byDefault ? null : value
  switch (configId) {
    case 'mode':
      return { permissionMode: toMode(value) }
    case 'model':
      return { model: given }
    case 'effort':
      if (given !== null && !(efforts as readonly string[]).includes(given)) {
        throw invalid('value', `must be one of ${byDefault}, ${efforts.join(', ')}`)
      }
      return { effort: given as Effort | null }
    default:
      throw invalid('configId', 'must be one of mode, model, effort')
  }
}

/** With the value in force, which may be one that is not listed, and the default. */
function withDefault(
  listed: SessionConfigSelectOption[],
  current: string | null,
): SessionConfigSelectOption[] {
  const has = (value: string) => listed.some(option => option.value === value)
  return [
    ...(has(byDefault) ? [] : [{ value: byDefault, name: 'Default' }]),
    ...listed,
    ...(current === null || has(current) ? [] : [{ value: current, name: current }]),
  ]
}

function toSelect(
  id: string,
  name: string,
  category: string,
  currentValue: string,
  options: SessionConfigSelectOption[],
): SessionConfigOption {
  return { type: 'select', id, name, category, currentValue, options }
}
