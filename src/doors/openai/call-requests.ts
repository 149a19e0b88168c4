import { type OpenRequest, readMessage, type SessionEvent } from '../../client/index.ts'
import { isClientTool } from '../../contract/client-requests.ts'

/** The tool by which Claude gives its answer as data. */
const answerTool = 'StructuredOutput'

/** Whether calls of a tool, and their results, are shown in another way than those of Claude's own tools. */
export function isHidden(tool: string | null): boolean {
  return tool !== null && (isClientTool(tool) || tool === answerTool)
}

/** The calls of functions of a turn, by the place in the log at which they are known. */
export class CallRequests {
  readonly #open = new Map<string, OpenRequest>()
  readonly #said = new Set<string>()
  readonly #hidden = new Set<string>()

  /** Returns the calls that an event makes known: Claude has said them, and the server asks for their results. */
  see(event: SessionEvent): OpenRequest[] {
    if (event.type === 'permission.requested' && event.data.kind === 'client_tool') {
      this.#open.set(event.data.permissionId, event.data)
    } else if (event.type === 'message') {
      for (const block of readMessage(event.data)?.blocks ?? []) {
        if (block.type !== 'tool_call' || block.id === null) continue
        this.#said.add(block.id)
        if (isHidden(block.name)) this.#hidden.add(block.id)
      }
    } else {
      return []
    }
    const known = [...this.#open.values()].filter(
      ({ toolUseId }) => toolUseId === null || this.#said.has(toolUseId),
    )
    for (const { permissionId } of known) this.#open.delete(permissionId)
    return known
  }

  /** Whether the result of a call is not shown as one of Claude's own tools. */
  hides(callId: string): boolean {
    return this.#hidden.has(callId)
  }
}
