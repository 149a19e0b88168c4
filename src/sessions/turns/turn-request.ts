import type { Prompt } from '../../contract/turns.ts'
import type { TurnRecord } from '../records.ts'
import type { IdempotencyKey } from './idempotency.ts'
import type { TurnEnd } from './turn.ts'

export interface TurnRequest {
  /** The id of the turn, given by the node that forwards the request; left out: a new one. */
  id?: string
  prompt: Prompt
  /** Whether a slash command in the prompt runs and a file mention is followed; left out: both are text. */
  commands?: boolean
  /** The prompt with the contents that it refers to; only for `steer`, where nothing may be waited for. */
  filledIn?: Prompt
  timeoutMs: number
  /** `steer`: more input for the running turn; the same as `queue` when no turn can take it. */
  onBusy: 'queue' | 'reject' | 'interrupt' | 'steer'
}

/** How a request is submitted. */
export interface SubmitOptions {
  /** Lets all requests with this key happen once; left out: each happens. */
  key?: IdempotencyKey | undefined
  /** Whether the turn that the request names may have been accepted before; the request then leads to that one. */
  mayExist?: boolean
}

/** An accepted turn. */
export interface Submission {
  /** As it was when it was accepted; for a replayed one, as it is now. */
  turn: TurnRecord
  /** Resolves when the end of the turn is stored; never when the turn outlives the server. */
  ended: Promise<TurnEnd>
  /** Whether an earlier request with the same key submitted it. */
  replayed: boolean
}
