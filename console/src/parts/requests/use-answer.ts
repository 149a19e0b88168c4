import { useMutation, useQueryClient } from '@tanstack/react-query'
import {
  type AnswerPermissionRequest,
  ApiError,
  type PermissionRequest,
} from '../../../../src/client/index.ts'
import { client } from '../../api/connection.ts'
import { requestsKey } from '../../api/requests.ts'
import { say } from '../../ui/toasts.tsx'

/** Codes of answers that came too late: another person, a rule or the end of the turn was first. */
const settled = new Set(['PERMISSION_ALREADY_RESOLVED', 'PERMISSION_REQUEST_NOT_FOUND', 'SESSION_NOT_FOUND'])

/** Answers a request. One that is settled by now leaves the inbox, which is not an error. */
export function useAnswer(request: PermissionRequest) {
  const queries = useQueryClient()
  const { sessionId, permissionId } = request
  return useMutation({
    async mutationFn(answer: AnswerPermissionRequest) {
      try {
        await client.session(sessionId).answer(permissionId, answer)
      } catch (error) {
        if (!(error instanceof ApiError && settled.has(error.code))) throw error
        say('This was settled before', 'Another answer, or the end of the turn, came first.')
      }
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: requestsKey }),
  })
}

export type Answer = ReturnType<typeof useAnswer>

export interface RequestBodyProps {
  request: PermissionRequest
  answer: Answer
  /** Whether the keys `a`, `s`, `e` and `d` answer this request. */
  active: boolean
}
