import type { DoorProgram } from '../../contract/doors.ts'
import { answerMessage, resumeStream } from './http.ts'
import type { operations } from './operations.ts'
import { toErrorResponse } from './rpc-errors.ts'

export const program: DoorProgram<keyof typeof operations> = {
  answer: (id, exchange) => (id === 'send' ? answerMessage(exchange) : resumeStream(exchange)),
  refuse: ({ status, code, message, details, requestId, retryable }) =>
    // A key that is not valid is a matter of authentication for clients of MCP, as a missing one.
    toErrorResponse(code === 'INVALID_API_KEY' ? 401 : status, -32_000, message, {
      code,
      ...(details && { details }),
      retryable,
      requestId,
    }),
}
