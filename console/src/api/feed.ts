import { useEffect } from 'react'
import { repeatWhileAbsent, whilePresent } from '../lib/presence.ts'
import { client } from './connection.ts'
import { useMay } from './login-context.tsx'
import { noticeLogout, queries } from './query-client.ts'
import { requestsKey } from './requests.ts'
import { sessionKey, sessionsKey } from './sessions.ts'

/** Changes within this many milliseconds are read again once. */
const gatherMs = 250
/** How often a hidden page asks for the open requests, whose count is in its title. */
const askMs = 30_000

/** Marks answers as out of date, many changes at a time; those that are on the screen are read again. */
class Invalidation {
  readonly #keys = new Map<string, readonly string[]>()
  #timer: ReturnType<typeof setTimeout> | undefined

  add(...keys: (readonly string[])[]): void {
    for (const key of keys) this.#keys.set(key.join(' '), key)
    this.#timer ??= setTimeout(() => this.#flush(), gatherMs)
  }

  #flush(): void {
    this.#timer = undefined
    const keys = [...this.#keys.values()]
    this.#keys.clear()
    for (const queryKey of keys) void queries.invalidateQueries({ queryKey })
  }

  close(): void {
    clearTimeout(this.#timer)
  }
}

async function follow(signal: AbortSignal, invalidation: Invalidation): Promise<void> {
  for await (const event of client.follow({ after: 'latest', retries: Number.POSITIVE_INFINITY, signal })) {
    if (event.type === 'caught_up' || event.type === 'gap') {
      // The answers may be older than the stream.
      invalidation.add(requestsKey, sessionsKey)
    } else if (event.type !== 'reconnected') {
      const { sessionId } = event.data
      invalidation.add(sessionsKey, sessionKey(sessionId))
      if (event.type.startsWith('permission.') || event.type.startsWith('turn.'))
        invalidation.add(requestsKey)
    }
  }
}

/** Keeps all answers of the server true while the page is open, by one stream over all sessions. */
export function useFeed(): void {
  const mayFollow = useMay('sessions:read')
  useEffect(() => {
    if (!mayFollow) return
    const controller = new AbortController()
    const invalidation = new Invalidation()
    const stopAsking = repeatWhileAbsent(() => invalidation.add(requestsKey), askMs)
    whilePresent(signal => follow(signal, invalidation), controller.signal).catch(error => {
      if (!controller.signal.aborted) noticeLogout(error)
    })
    return () => {
      controller.abort()
      stopAsking()
      invalidation.close()
    }
  }, [mayFollow])
}
