import { z } from 'zod'
import { id } from './inputs.ts'
import type { TurnPosition } from './surroundings.ts'

/** The state of a call that asks its client, which the client sends back. It gives no right: the API checks its ids. */
const callState = z.strictObject({
  turnId: id,
  after: z.int().min(0),
  until: z.int().nullable(),
})

export type CallState = z.infer<typeof callState>

export function toCallState({ turnId, after, until }: TurnPosition): string {
  return JSON.stringify({ turnId, after, until } satisfies CallState)
}

/** @throws Error for a text that is not from this server; the SDK refuses the request then */
export function readCallState(text: string): CallState {
  return callState.parse(JSON.parse(text))
}
