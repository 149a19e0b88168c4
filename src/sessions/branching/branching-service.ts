import type { RewindSessionResponse } from '../../contract/branching.ts'
import type { OperationInput } from '../../contract/operations.ts'
import type { IdempotencyKey, Once } from '../idempotency.ts'
import type { Caller, SessionRecord, TurnRecord } from '../records.ts'

/** Which turn is retried, and how long the new one may take; `timeoutMs` undefined: as long as the failed one. */
export interface RetryRequest {
  turnId: string
  timeoutMs: number | undefined
}

/** What the doors can ask about branches of a conversation. */
export interface BranchingService {
  /** Also of a session that has expired or ended; one that runs a turn is shared up to the turn before. */
  fork(
    caller: Caller,
    sessionId: string,
    request: OperationInput<'forkSession'>['body'],
  ): Promise<SessionRecord>
  /** As `fork`, but for all requests with this key only once. */
  forkOnce(
    caller: Caller,
    sessionId: string,
    request: OperationInput<'forkSession'>['body'],
    key: IdempotencyKey,
  ): Promise<Once<SessionRecord>>
  /** Turns that come meanwhile wait for it. Nothing has changed when it rejects. */
  rewind(
    caller: Caller,
    sessionId: string,
    request: OperationInput<'rewindSession'>['body'],
  ): Promise<RewindSessionResponse>
  /** Runs the prompt of a turn that did not complete again, as a new turn; the conversation has it once. */
  retry(caller: Caller, sessionId: string, request: RetryRequest): Promise<TurnRecord>
  /** As `retry`, but for all requests with this key only once. */
  retryOnce(
    caller: Caller,
    sessionId: string,
    request: RetryRequest,
    key: IdempotencyKey,
  ): Promise<Once<TurnRecord>>
}
