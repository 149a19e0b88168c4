import type { Door } from '../../contract/doors.ts'
import { operations } from './operations.ts'

export const acpDoor: Door<keyof typeof operations> = {
  name: 'acp',
  operations,
  load: async () => (await import('./program.ts')).createProgram(),
}
