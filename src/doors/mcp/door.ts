import type { Door } from '../../contract/doors.ts'
import { operations } from './operations.ts'

export const mcpDoor: Door<keyof typeof operations> = {
  name: 'mcp',
  operations,
  load: async () => (await import('./program.ts')).program,
}
