import { z } from 'zod'

const permissionPrompts = z.enum(['deny', 'ask']).meta({
  description:
    'Who answers what Claude Code may not do by itself: `deny` refuses it at once, `ask` waits for an answer to the permission request (SDK option `permissionPrompts`)',
})
const permissionTimeoutMs = z
  .int()
  .min(1_000)
  .max(30 * 24 * 60 * 60 * 1000)
  .meta({
    description: 'How long a permission request waits for an answer before it is denied, in milliseconds',
  })

/** How a session is set up beyond what every session says; in the order in which they are shown. */
export const sessionSettings = z
  .strictObject({
    permissionPrompts: permissionPrompts.default('deny'),
    permissionTimeoutMs: permissionTimeoutMs.default(60 * 60 * 1000),
  })
  .meta({ id: 'SessionSettings' })

export type SessionSettings = z.infer<typeof sessionSettings>

/** The settings among the fields of a request that has been checked. */
export function pickSettings(request: SessionSettings): SessionSettings {
  const names = Object.keys(sessionSettings.shape) as (keyof SessionSettings)[]
  return Object.fromEntries(names.map(name => [name, request[name]])) as SessionSettings
}

export const defaultSettings: SessionSettings = sessionSettings.parse({})
