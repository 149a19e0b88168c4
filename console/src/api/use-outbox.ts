import { useSyncExternalStore } from 'react'
import { stored } from '../lib/stored.ts'
import { client } from './connection.ts'
import { whenForgotten } from './login-context.tsx'
import { Outbox, type Outgoing } from './outbox.ts'
import { noticeLogout } from './query-client.ts'

/** Holds the prompts of the page until the server has accepted them. */
export const outbox = new Outbox(
  (sessionId, prompt, options) => client.session(sessionId).submit(prompt, options),
  noticeLogout,
)

/** Puts a text before what is being written to a session. */
export function returnToDraft(sessionId: string, text: string): void {
  const name = `draft.${sessionId}`
  stored.set(name, [text, stored.get(name)].filter(Boolean).join('\n\n') || null)
}

function returnAll(): void {
  for (const [sessionId, prompts] of outbox.takeAll()) {
    returnToDraft(sessionId, prompts.map(({ text }) => text).join('\n\n'))
  }
}

// A page that is closed or reloaded sends nothing more.
window.addEventListener('pagehide', returnAll)
// If another person logs in, their drafts are forgotten after this.
whenForgotten(returnAll)

export function useOutbox(sessionId: string): readonly Outgoing[] {
  return useSyncExternalStore(outbox.subscribe, () => outbox.get(sessionId))
}
