import { ClaudeCodeClient } from '../../client/index.ts'
import { apiBase, type DoorExchange } from '../../contract/doors.ts'

/** A request to the door, with the API in the name of its caller. */
export interface Context extends DoorExchange {
  api: ClaudeCodeClient
  param(name: string): string
}

export function toContext(exchange: DoorExchange): Context {
  return {
    ...exchange,
    // The client repeats requests itself.
    api: new ClaudeCodeClient({ baseUrl: apiBase, fetch: exchange.fetch, retries: 0 }),
    param: name => exchange.params[name] ?? '',
  }
}
