import { useMutation } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { client } from '../../api/connection.ts'
import { stored } from '../../lib/stored.ts'
import { useMayCreate } from '../../shell/places.ts'
import { say, sayError } from '../../ui/toasts.tsx'

/** Copies a session and opens the copy, with the prompt that is being written. */
export function useFork(sessionId: string) {
  const [, navigate] = useLocation()
  // A key that opens one session alone could not open the copy.
  const mayFork = useMayCreate()
  const fork = useMutation({
    mutationFn: (afterTurnId: string | null) =>
      client.call('forkSession', {
        params: { sessionId },
        ...(afterTurnId !== null && { body: { afterTurnId } }),
      }),
    onSuccess({ sessionId: forked }, afterTurnId) {
      const draft = stored.get(`draft.${sessionId}`)
      if (draft !== null) stored.set(`draft.${forked}`, draft)
      say('Forked', afterTurnId === null ? 'This is the copy.' : 'This is the copy, up to that turn.')
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
