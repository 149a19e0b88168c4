import type { EventPermissionRequested, PermissionRequest } from '../../client/index.ts'
import { isClientTool, toShownTool } from '../../contract/client-requests.ts'

/** A request to a person or the client, from the log or a list. */
export type UiRequest = EventPermissionRequested | PermissionRequest

/** Whether calls of the tool are answered by the client with an output, instead of a permission. */
export function isToolOfClient(name: string): boolean {
  return isClientTool(name) || name === 'AskUserQuestion'
}

/** How the protocol asks: by the call of a client's tool, or by an approval; undefined: another client answers. */
export function replyModeOf({ kind }: Pick<UiRequest, 'kind'>): 'output' | 'approval' | undefined {
  switch (kind) {
    case 'tool':
    case 'plan':
      return 'approval'
    case 'question':
    case 'elicitation':
    case 'client_tool':
      return 'output'
    default:
      return undefined
  }
}

/** The id of the tool call that stands for a request. */
export function callIdOf({ toolUseId, permissionId }: UiRequest): string {
  return toolUseId ?? permissionId
}

export function nameOf({ kind, toolName }: UiRequest): string {
  return kind === 'elicitation' ? 'Elicitation' : toShownTool(toolName)
}

export function inputOf({ elicitation, input }: UiRequest): unknown {
  return elicitation ?? input
}
