import { useQuery } from '@tanstack/react-query'
import type { PermissionRequest, Prompt } from '../../../../src/client/index.ts'
import { client } from '../../api/connection.ts'
import { useMay } from '../../api/login-context.tsx'
import { titleOf } from '../../api/sessions.ts'
import { toOneLine } from '../../lib/one-line.ts'

/** How long a name made of a prompt is at most, in characters. */
const longest = 80

function beginningOf(prompt: Prompt): string {
  const text =
    typeof prompt === 'string'
      ? prompt
      : prompt.map(block => (block.type === 'text' ? block.text : '')).join(' ')
  return toOneLine(text, longest)
}

/**
 * The name of a request's session. One without a title, which most get when their first turn ends, goes by the prompt
 * that led to the request.
 *
 * @param title as the list of sessions has it; absent: it is not known
 */
export function useSessionName(
  { sessionId, turnId }: Pick<PermissionRequest, 'sessionId' | 'turnId'>,
  title: string | undefined,
): string {
  const mayRead = useMay('sessions:read')
  const isUntitled = title === titleOf({ title: null, sessionId })
  const { data } = useQuery({
    queryKey: ['turn', sessionId, turnId],
    queryFn: ({ signal }) => client.session(sessionId).getTurn(turnId ?? '', { signal }),
    enabled: mayRead && isUntitled && turnId !== null,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const prompt = isUntitled && data ? beginningOf(data.prompt) : ''
  return prompt || (title ?? `Session ${sessionId.slice(0, 8)}`)
}
