import { z } from 'zod'

/** The permissions that a key can have, with what each of them allows. */
export const scopeMeanings = {
  'sessions:read': 'Read sessions: messages, events, turns, attachments, exports',
  'sessions:write': 'Create, change and end sessions, and send messages',
  'permissions:answer': 'See permission requests and answer them',
  'workspace:read': 'Read files of sessions, and their differences',
  'workspace:write': 'Write and delete files of sessions',
  'usage:read': 'Read usage and costs',
  admin: 'Administer keys, webhooks, presets and the audit log of the tenant',
} as const

export type Scope = keyof typeof scopeMeanings
export const scopes = Object.keys(scopeMeanings) as Scope[]

export const scope = z.enum(scopes as [Scope, ...Scope[]]).meta({
  description: Object.entries(scopeMeanings)
    .map(([name, meaning]) => `\`${name}\`: ${meaning}`)
    .join('. '),
})
