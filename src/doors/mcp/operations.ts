import type { DoorOperation } from '../../contract/doors.ts'

export const operations = {} as const satisfies Record<string, DoorOperation>
