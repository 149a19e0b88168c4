import type { Door } from '../../contract/doors.ts'
import { operations } from './operations.ts'

export const openaiDoor: Door<keyof typeof operations> = {
  name: 'openai',
  operations,
  load: async () => (await import('./program.ts')).program,
}
