import { z } from 'zod'
import { id } from './inputs.ts'
import type { TurnPosition } from './surroundings.ts'

const requestId = z.union([z.string(), z.number()])

const resumable = z.strictObject({
  /** Of the client's request. */
  id: requestId,
  tool: z.enum(['prompt', 'wait_for_turn']),
  progressToken: requestId.optional(),
  position: z.strictObject({
    sessionId: id,
    turnId: id,
    after: z.int().min(0),
    asked: z.array(id).max(100),
    until: z.int().nullable(),
  }),
})

/** A tool call whose stream can be continued, by any node, after any time: the log has the rest. */
export interface ResumableCall {
  id: string | number
  tool: 'prompt' | 'wait_for_turn'
  progressToken?: string | number | undefined
  position: TurnPosition
}

/** The id of an event on the stream of a call. It gives no right: the API checks the ids in it. */
export function toEventId(call: ResumableCall): string {
  return Buffer.from(JSON.stringify(call)).toString('base64url')
}

/** Undefined: it is not an id of this door. */
export function readEventId(text: string): ResumableCall | undefined {
  try {
    return resumable.parse(JSON.parse(Buffer.from(text, 'base64url').toString()))
  } catch {
    return undefined
  }
}
