import { useMutation } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { client } from '../../api/connection.ts'
import { useSession } from '../../api/sessions.ts'
import { cutText } from '../../lib/cut-text.ts'
import { stored } from '../../lib/stored.ts'
import { useMayCreate } from '../../shell/places.ts'
import { say, sayError } from '../../ui/toasts.tsx'

/** The longest title that a session can have. */
const mostLength = 500

/** Tells a fork from its original. */
export function forkTitle(title: string): string {
  return title.startsWith('Fork of ')
    ? title
    : cutText(`Fork of ${title}`, { characters: mostLength, lines: 1 })
}

/** Copies a session and opens the copy, with the prompt that is being written. */
export function useFork(sessionId: string) {
  const { data: session } = useSession(sessionId)
  const [, navigate] = useLocation()
  // A key that opens one session alone could not open the copy.
  const mayFork = useMayCreate()
  const fork = useMutation({
    mutationFn: (afterTurnId: string | null) =>
      client.call('forkSession', {
        params: { sessionId },
        body: {
          ...(afterTurnId !== null && { afterTurnId }),
          ...(session && session.title !== null && { title: forkTitle(session.title) }),
        },
      }),
    onSuccess({ sessionId: forked }, afterTurnId) {
      const draft = stored.get(`draft.${sessionId}`)
      if (draft !== null) stored.set(`draft.${forked}`, draft)
      const what = afterTurnId === null ? 'This is the copy.' : 'This is the copy, up to that turn.'
      say('Forked', `${what} It works in the same directory as its original.`)
      navigate(`/sessions/${forked}`)
    },
    onError: sayError,
  })
  return {
    mayFork,
    isForking: fork.isPending,
    /** @param afterTurnId leaves out what came after this turn */
    fork: (afterTurnId?: string) => fork.mutate(afterTurnId ?? null),
  }
}
