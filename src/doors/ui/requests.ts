import type { EventPermissionRequested, PermissionRequest } from '../../client/index.ts'

/** A request to a person or the client, from the log or a list. */
export type UiRequest = EventPermissionRequested | PermissionRequest

const clientPrefix = 'mcp__client__'

/** The name of a tool as the client knows it. */
export function toShownName(name: string): string {
  return name.startsWith(clientPrefix) ? name.slice(clientPrefix.length) : name
}

/** Whether calls of the tool are answered by the client with an output, instead of a permission. */
export function isToolOfClient(name: string): boolean {
  return name.startsWith(clientPrefix) || name === 'AskUserQuestion'
}

/** How the protocol asks: by the call of a client's tool, or by an approval; undefined: another client answers. */
export function wayOf({ kind }: Pick<UiRequest, 'kind'>): 'output' | 'approval' | undefined {
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
  return kind === 'elicitation' ? 'Elicitation' : toShownName(toolName)
}

export function inputOf({ elicitation, input }: UiRequest): unknown {
  return elicitation ?? input
}
