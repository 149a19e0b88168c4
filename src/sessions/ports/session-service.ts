import type { Sessions } from '../sessions.ts'

/** The public members of an object, whatever its class: tests replace it. */
type Asked<T> = { [K in keyof T]: T[K] }

type Capability =
  | 'attachments'
  | 'branching'
  | 'conversation'
  | 'diffs'
  | 'exports'
  | 'feed'
  | 'files'
  | 'messages'
  | 'permissions'
  | 'presets'
  | 'push'
  | 'search'
  | 'usage'
  | 'webhooks'

/**
 * Everything that HTTP can ask of the session layer. Objects of another tenant do not exist for the caller.
 * Failures that are meant for the caller are `ServiceError`s.
 */
export type SessionService = Omit<
  Sessions,
  Capability | 'open' | 'close' | 'prepareSpare' | 'runningTurns'
> & {
  readonly [K in Capability]: Asked<Sessions[K]>
}
