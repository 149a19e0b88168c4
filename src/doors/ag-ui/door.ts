import type { Door } from '../../contract/doors.ts'
import { operations } from './operations.ts'

export const agUiDoor: Door<keyof typeof operations> = {
  name: 'ag-ui',
  operations,
  load: async () => (await import('./program.ts')).program,
}
