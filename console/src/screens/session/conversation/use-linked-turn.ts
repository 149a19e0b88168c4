import { useQuery } from '@tanstack/react-query'
import type { Turn } from '../../../../../src/client/index.ts'
import { client } from '../../../api/connection.ts'

interface Wanted {
  sessionId: string
  /** undefined: the page's address names no turn. */
  turnId: string | undefined
  isReady: boolean
  loadBackTo: (sequence: number) => Promise<void>
}

/** The turn that the page's address names, once the conversation is loaded back to its beginning. */
export function useLinkedTurn({ sessionId, turnId, isReady, loadBackTo }: Wanted) {
  return useQuery({
    queryKey: ['linked turn', sessionId, turnId],
    enabled: isReady && turnId !== undefined,
    queryFn: async ({ signal }): Promise<Turn> => {
      const turn = await client.session(sessionId).getTurn(turnId ?? '', { signal })
      if (turn.firstSequence !== null) await loadBackTo(turn.firstSequence)
      return turn
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
}
