import { useEffect, useSyncExternalStore } from 'react'
import type { SessionEvent } from '../../../src/client/index.ts'
import { client } from './connection.ts'
import { ConversationStore, type ShownConversation } from './conversation-store.ts'
import { whenForgotten } from './login-context.tsx'
import { noticeLogout, queries } from './query-client.ts'
import { sessionKey, sessionQuery } from './sessions.ts'

/** How long a conversation is followed after its last view was left, in milliseconds. */
const lingerMs = 30_000

/** No event says that work between turns has ended: the session is asked once it has been quiet so long. */
const quietMs = 2_000

const quiet = new Map<string, ReturnType<typeof setTimeout>>()
const stores = new Map<string, ConversationStore>()

whenForgotten(() => {
  for (const sessionId of [...stores.keys()]) reopen(sessionId)
})

function storeOf(sessionId: string): ConversationStore {
  const known = stores.get(sessionId)
  if (known) return known
  const store = new ConversationStore(client.session(sessionId), event => refresh(sessionId, event))
  stores.set(sessionId, store)
  store.run(queries.ensureQueryData(sessionQuery(sessionId))).then(() => {
    const { phase, error } = store.getSnapshot()
    if (phase === 'failed') noticeLogout(error)
  })
  return store
}

/** Asks the server again for what an event has changed. */
function refresh(sessionId: string, { type }: SessionEvent): void {
  const ask = () => void queries.invalidateQueries({ queryKey: sessionKey(sessionId) })
  clearTimeout(quiet.get(sessionId))
  const askOnce = () => {
    quiet.delete(sessionId)
    ask()
  }
  quiet.set(sessionId, setTimeout(askOnce, quietMs))
  if (type !== 'message' && type !== 'activity' && type !== 'caught_up' && type !== 'delta.voided') ask()
}

/** Forgets a conversation, so that it is read anew. */
export function reopen(sessionId: string): void {
  stores.get(sessionId)?.close()
  stores.delete(sessionId)
}

type Loading = Pick<ConversationStore, 'loadOlder' | 'loadBackTo'>

/** The conversation of a session, live. */
export function useConversation(sessionId: string): ShownConversation & Loading {
  const store = storeOf(sessionId)
  const shown = useSyncExternalStore(store.subscribe, store.getSnapshot)
  useEffect(
    () => () => {
      setTimeout(() => {
        if (store.isWatched) return
        store.close()
        if (stores.get(sessionId) === store) stores.delete(sessionId)
      }, lingerMs)
    },
    [store, sessionId],
  )
  return {
    ...shown,
    loadOlder: () => store.loadOlder(),
    loadBackTo: sequence => store.loadBackTo(sequence),
  }
}
