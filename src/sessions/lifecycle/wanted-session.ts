import type { OperationInput } from '../../contract/operations.ts'
import type { SessionConfiguration, UsedPreset } from '../../contract/session-configuration.ts'
import { defaultSettings, type SessionSettings } from '../../contract/session-settings.ts'
import type { PermissionMode } from '../../contract/sessions.ts'

export type CreateRequest = OperationInput<'createSession'>['body']

type Defaulted = 'permissionPrompts' | 'permissionTimeoutMs'

/** The request for a session with the fields of its preset and the defaults of those that it leaves out. */
export type WantedSession = Omit<CreateRequest, 'preset' | 'permissionMode' | Defaulted> &
  Pick<SessionSettings, Defaulted> & { permissionMode: PermissionMode; preset: UsedPreset | null }

/** A preset that a session is made of, secrets included. */
export interface OpenedPreset {
  reference: UsedPreset
  configuration: SessionConfiguration
}

/**
 * Completes a request. Each field of the request replaces that of the preset as a whole; nothing is merged. `cwd` and
 * `workspace` say the same thing, so that either replaces both.
 *
 * @param ofServer its own defaults, beyond those of the contract
 */
export function completeRequest(
  request: CreateRequest,
  preset: OpenedPreset | undefined,
  ofServer: Partial<SessionConfiguration>,
): WantedSession {
  const { preset: _, ...given } = request
  const { cwd, workspace, ...configuration } = preset?.configuration ?? {}
  const isPlaced = given.cwd !== undefined || given.workspace !== undefined
  return {
    permissionMode: 'default',
    ...defaultSettings,
    ...present(ofServer),
    ...(!isPlaced && present({ cwd, workspace })),
    ...present(configuration),
    ...present(given),
    preset: preset?.reference ?? null,
  }
}

/** The fields that have a value. */
function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { [K in keyof T]: Exclude<T[K], undefined> }
}
