import type { Door, DoorName } from '../contract/doors.ts'
import { acpDoor } from '../doors/acp/door.ts'
import { agUiDoor } from '../doors/ag-ui/door.ts'
import { managedAgentsDoor } from '../doors/managed-agents/door.ts'
import { mcpDoor } from '../doors/mcp/door.ts'
import { openaiDoor } from '../doors/openai/door.ts'
import { uiDoor } from '../doors/ui/door.ts'

const known: readonly Door[] = [uiDoor, acpDoor, openaiDoor, mcpDoor, managedAgentsDoor, agUiDoor]

/** The doors with these names. */
export function findDoors(names: readonly DoorName[]): Door[] {
  return known.filter(({ name }) => names.includes(name))
}
