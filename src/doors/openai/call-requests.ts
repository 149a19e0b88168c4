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
  /** Calls for whose results the server has asked, or which have one without being asked for. */
  readonly #settled = new Set<string>()
  /** Calls of functions that Claude has said and the server has not come to. */
  readonly #expected = new Set<string>()

  /** Returns the calls that an event makes known: Claude has said them, and the server asks for their results. */
  see(event: SessionEvent): OpenRequest[] {
    if (event.type === 'permission.requested' && event.data.kind === 'client_tool') {
      this.#open.set(event.data.permissionId, event.data)
      this.#settle(event.data.toolUseId)
    } else if (event.type === 'message') {
      const { blocks = [], changes = [] } = readMessage(event.data) ?? {}
      for (const { callId, fields } of changes) if (fields.result) this.#settle(callId)
      for (const block of blocks) {
        if (block.type !== 'tool_call' || block.id === null) continue
        this.#said.add(block.id)
        if (isHidden(block.name)) this.#hidden.add(block.id)
        if (isClientTool(block.name ?? '') && !this.#settled.has(block.id)) this.#expected.add(block.id)
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

  /** Whether Claude has said calls of functions that the server has not come to. */
  get isIncomplete(): boolean {
    return this.#expected.size > 0
  }

  #settle(callId: string | null): void {
    if (callId === null) return
    this.#settled.add(callId)
    this.#expected.delete(callId)
  }

  /** Whether the result of a call is not shown as one of Claude's own tools. */
  hides(callId: string): boolean {
    return this.#hidden.has(callId)
  }
}
