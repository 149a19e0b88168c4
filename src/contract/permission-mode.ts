import { z } from 'zod'

export const permissionModes = [
  'default',
  'acceptEdits',
  'bypassPermissions',
  'plan',
  'dontAsk',
  'auto',
] as const

export const permissionMode = z.enum(permissionModes).meta({
  id: 'PermissionMode',
  description: 'How Claude Code decides what it may do by itself (SDK option `permissionMode`)',
})
