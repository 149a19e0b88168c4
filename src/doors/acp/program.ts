import type { DoorProgram } from '../../contract/doors.ts'
import { Connections } from './connections.ts'
import { codeOf } from './errors.ts'
import type { operations } from './operations.ts'

/** Each API has connections of its own. */
export function createProgram(): DoorProgram<keyof typeof operations> {
  const connections = new Connections()
  return {
    answer: (_id, exchange) => connections.answer(exchange),
    upgrade: (_id, exchange, accept) => connections.upgrade(exchange, accept),
    refuse: ({ status, code, message, details, retry, requestId }) =>
      Response.json(
        {
          jsonrpc: '2.0',
          id: null,
          error: { code: codeOf(code, status), message, data: { code, details, retry, requestId } },
        },
        { status },
      ),
  }
}
