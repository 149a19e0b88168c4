import type { Door } from '../../contract/doors.ts'
import { operations } from './operations.ts'

export const uiDoor: Door<keyof typeof operations> = {
  name: 'ui',
  operations,
  load: async () => (await import('./program.ts')).program,
}
