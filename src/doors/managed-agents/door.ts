import type { Door } from '../../contract/doors.ts'
import { operations } from './operations.ts'

export const managedAgentsDoor: Door<keyof typeof operations> = {
  name: 'managed-agents',
  operations,
  load: async () => (await import('./program.ts')).program,
}
