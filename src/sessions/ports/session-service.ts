import type { Sessions } from '../sessions.ts'

/** What an object can be asked, whatever class it is of: tests put others in its place. */
type Asked<T> = { [K in keyof T]: T[K] }

type Capability =
  | 'attachments'
  | 'branching'
  | 'conversation'
  | 'diffs'
  | 'exports'
  | 'files'
  | 'messages'
  | 'permissions'
  | 'usage'

/**
 * Everything that the doors can ask of the heart. Objects of another tenant do not exist for the caller.
 * Failures that are meant for the caller are `ServiceError`s.
 */
export type SessionService = Omit<Sessions, Capability | 'open' | 'close' | 'prepareSpare'> & {
  readonly [K in Capability]: Asked<Sessions[K]>
}
