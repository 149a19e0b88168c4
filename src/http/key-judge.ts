import type { Request } from 'express'
import type { KnownCaller } from '../access/caller-directory.ts'
import { ServiceError } from '../contract/errors.ts'
import { toTimestamp } from '../contract/primitives.ts'
import { KeyGuesses } from './key-guesses.ts'
import type { HttpDeps, HttpOptions } from './options.ts'
import type { Identity, LoggedFacts, RequestContext } from './request-context.ts'

export interface SentKey {
  text: string
  provenByHeader: boolean
}

/** Judges keys and tokens, wherever a request has them. */
export interface KeyJudge {
  /** Finds the caller; a wrong key counts against its address. */
  findByKey(req: Request, key: SentKey, context: RequestContext): Identity | Promise<Identity>
  /** The same for a caller that has been found. */
  judge(req: Request, key: SentKey, known: KnownCaller | undefined): Identity
}

export function createKeyJudge(
  { config, callers, log }: Pick<HttpDeps, 'callers' | 'log'> & { config: Pick<HttpOptions, 'limits'> },
  addressOf: (req: Request) => string,
): KeyJudge {
  const guesses = new KeyGuesses({
    limit: config.limits.wrongKeysPerAddress,
    onDelay: delay => log.warn(delay, 'address delayed after wrong keys'),
  })

  const judge = (req: Request, key: SentKey, known: KnownCaller | undefined): Identity => {
    const owner = known && `${known.caller.tenantId} ${known.caller.keyId}`
    // A signature cannot be guessed, and the tokens of a whole office may expire at once.
    const delayMs = callers.isToken(key.text) ? 0 : guesses.judge(addressOf(req), key.text, owner)
    if (delayMs > 0) return { kind: 'delayed', delayMs }
    return known ? { kind: 'known', provenByHeader: key.provenByHeader, ...known } : { kind: 'wrong_key' }
  }

  return {
    judge,
    findByKey(req, key, context) {
      const toIdentity = (known: KnownCaller | undefined) => judge(req, key, known)
      const onRefused = (reason: string) => {
        context.facts.refused = reason
      }
      const found = callers.find(key.text, onRefused)
      // Keys are found without waiting, which saves each request a round of the event loop.
      if (!(found instanceof Promise)) return toIdentity(found)
      return found.then(toIdentity, error => ({ kind: 'undecided', error }))
    },
  }
}

/** The messages for tickets that were refused, by the reason. */
const refusals: ReadonlyMap<string | undefined, string> = new Map([
  ['ticket', 'The ticket is not valid: it is used up, too old or unknown'],
  ['ticket of a session', 'The ticket is for the stream of one session, and does not open this one'],
])

/** The error for a key that was not accepted; undefined: there was none to judge. */
export function toRefusal(
  identity: Identity,
  { refused }: LoggedFacts,
  wrongKeysPerAddress: number,
): ServiceError | undefined {
  if (identity.kind === 'delayed') return delayed(identity.delayMs, wrongKeysPerAddress)
  if (identity.kind !== 'wrong_key') return undefined
  return new ServiceError('INVALID_API_KEY', refusals.get(refused) ?? 'The API key is not valid')
}

function delayed(delayMs: number, limit: number): ServiceError<'CALLER_LIMIT_REACHED'> {
  const limitName = 'limits.wrongKeysPerAddress'
  return new ServiceError(
    'CALLER_LIMIT_REACHED',
    `${limitName}: more than ${limit} wrong keys came from this address; see the header Retry-After`,
    { limitName, limit, retryAt: toTimestamp(Date.now() + delayMs) },
  )
}
