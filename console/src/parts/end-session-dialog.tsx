import { useQuery } from '@tanstack/react-query'
import type { Session, SessionSummary } from '../../../src/client/index.ts'
import { client } from '../api/connection.ts'
import { useBoundSession } from '../api/login-context.tsx'
import { sessionsKey, titleOf, useEndSession, useSession } from '../api/sessions.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { ErrorNotice } from '../ui/notices.tsx'

interface EndSessionDialogProps {
  session: Session | SessionSummary
  onClose: () => void
}

/** Asks before a session is ended. */
export function EndSessionDialog({ session, onClose }: EndSessionDialogProps) {
  const end = useEndSession(session.sessionId)
  return (
    <Dialog
      open
      onOpenChange={open => !open && onClose()}
      title="End this session?"
      description={<bdi>{titleOf(session)}</bdi>}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="danger"
            busy={end.isPending}
            onClick={() => end.mutate(undefined, { onSuccess: onClose })}
          >
            End session
          </Button>
        </>
      }
    >
      <p>A running turn is interrupted. The conversation stays readable, but takes no more prompts.</p>
      <Removal sessionId={session.sessionId} />
      {end.isError && <ErrorNotice error={end.error} className="mt-2" />}
    </Dialog>
  )
}

/** Reports what becomes of a directory that was made for the session. */
function Removal({ sessionId }: { sessionId: string }) {
  const { data: session } = useSession(sessionId)
  const others = useSharingSessions(session)
  if (!session || !('removeOnEnd' in session.workspace && session.workspace.removeOnEnd)) return null
  if (others === undefined) {
    return <p className="mt-2">Its directory is removed, unless another open session works in it.</p>
  }
  const [other] = others
  if (!other) return <p className="mt-2">Its directory is removed with everything in it.</p>
  return (
    <p className="mt-2">
      Its directory stays: {others.length === 1 ? <bdi>“{titleOf(other)}”</bdi> : `${others.length} sessions`}{' '}
      {others.length === 1 ? 'works' : 'work'} in it too. It is removed when the last of them ends.
    </p>
  )
}

/** The other open sessions in the same directory, such as forks; undefined: not known. */
function useSharingSessions(session: Session | undefined): SessionSummary[] | undefined {
  const bound = useBoundSession()
  const cwd = session?.workingDirectory ?? ''
  const { data } = useQuery({
    queryKey: [...sessionsKey, 'sharing', cwd],
    enabled: cwd !== '' && bound === null,
    queryFn: async ({ signal }) => {
      const query = { cwd, status: 'active', archived: 'all', limit: 200 } as const
      return (await client.call('listSessions', { query }, { signal })).sessions
    },
    staleTime: 0,
  })
  return data?.filter(({ sessionId }) => sessionId !== session?.sessionId)
}
