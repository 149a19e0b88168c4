import type { Call } from './common-request.ts'
import type { Problem } from './problem.ts'

/** The way in which a response ends. */
export interface Ending {
  status: 'completed' | 'incomplete' | 'calls' | 'failed' | 'interrupted'
  /** Why the answer is incomplete. */
  reason?: 'max_output_tokens' | 'content_filter'
  problem?: Problem
  usage?: { input: number; cached: number; output: number }
}

/** A part of a response, in the order in which the client gets it. Each item of the output has an index. */
export type Piece =
  | { type: 'begin'; kind: 'text' | 'reasoning'; index: number }
  /** `position` counts the pieces of the item. */
  | { type: 'delta'; kind: 'text' | 'reasoning'; index: number; position: number; text: string }
  | {
      type: 'end'
      kind: 'text' | 'reasoning'
      index: number
      positions: number
      text: string
      isWhole: boolean
    }
  | { type: 'call'; index: number; call: Call }
  | { type: 'over'; ending: Ending }
