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
  description: 'What Claude Code may do without asking (SDK option `permissionMode`)',
})
