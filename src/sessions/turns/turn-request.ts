import type { Prompt } from '../../contract/turns.ts'

export interface TurnRequest {
  prompt: Prompt
  /** Whether a slash command in the prompt runs and a file mention is followed; left out: both are text. */
  commands?: boolean
  /** The prompt with the contents that it refers to; only for `steer`, where nothing may be waited for. */
  filledIn?: Prompt
  timeoutMs: number
  /** `steer`: more input for the running turn, which is answered then; as `queue` when none can take it. */
  onBusy: 'queue' | 'reject' | 'interrupt' | 'steer'
}
