import { GitFork } from 'lucide-react'
import { Button } from '../../ui/button.tsx'
import { useFork } from './use-fork.ts'

/** Continues a session that is over in a fork of it; nothing for keys that could not open the fork. */
export function ForkButton({ sessionId }: { sessionId: string }) {
  const { mayFork, isForking, fork } = useFork(sessionId)
  if (!mayFork) return null
  return (
    <Button variant="primary" busy={isForking} onClick={() => fork()}>
      <GitFork aria-hidden className="size-4" /> Fork to continue
    </Button>
  )
}
