import type { PermissionMode } from '../../../src/client/index.ts'

/** The permission modes in the words of people. */
export const modeNames: Record<PermissionMode, string> = {
  default: 'Ask for edits and commands',
  acceptEdits: 'Accept edits',
  plan: 'Plan first',
  dontAsk: 'Deny what is not allowed',
  auto: 'Let Claude judge',
  bypassPermissions: 'Allow everything',
}

/** The name of a mode that may be unknown here. */
export function nameOfMode(mode: string): string {
  return Object.hasOwn(modeNames, mode) ? modeNames[mode as PermissionMode] : mode
}
