import type { DoorProgram } from '../../contract/doors.ts'
import { answerMessage, resumeStream } from './http.ts'
import type { operations } from './operations.ts'
import { toErrorResponse } from './rpc-errors.ts'

export const program: DoorProgram<keyof typeof operations> = {
  answer: (id, exchange) => (id === 'send' ? answerMessage(exchange) : resumeStream(exchange)),
  refuse: ({ status, code, message, details, requestId, retryable }) =>
    toErrorResponse(status, -32_000, message, { code, ...(details && { details }), retryable, requestId }),
}
