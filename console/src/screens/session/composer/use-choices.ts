import { useQuery } from '@tanstack/react-query'
import { client } from '../../../api/connection.ts'
import { useMay } from '../../../api/login-context.tsx'
import { sessionKey } from '../../../api/sessions.ts'
import { revealText } from '../../../lib/revealed-text.ts'
import { type Insert, splitPath, type Token, toMention } from './find-token.ts'

export interface Choice {
  /** Takes the token's place. */
  insert: Insert
  label: string
  hint: string
}

const most = 50

/** The completions of a token. */
export function useChoices(sessionId: string, token: Token | null): readonly Choice[] {
  const mayList = useMay('workspace:read')
  const { directory, name } = splitPath(token?.query ?? '')
  const commands = useQuery({
    queryKey: ['commands', sessionId],
    queryFn: ({ signal }) => client.call('listCommands', { params: { sessionId } }, { signal }),
    enabled: token?.kind === 'command',
    staleTime: 300_000,
    retry: false,
  })
  const files = useQuery({
    queryKey: [...sessionKey(sessionId), 'files', directory],
    queryFn: ({ signal }) =>
      client.call(
        'listFiles',
        { params: { sessionId }, query: { path: directory, limit: 1000 } },
        { signal },
      ),
    enabled: mayList && token?.kind === 'file',
    retry: false,
  })
  if (token?.kind === 'command') {
    const wanted = token.query.toLowerCase()
    return (commands.data?.commands ?? [])
      .filter(command =>
        [command.name, ...command.aliases].some(known => known.toLowerCase().includes(wanted)),
      )
      .sort((a, b) => rank(a.name, wanted) - rank(b.name, wanted))
      .slice(0, most)
      .map(({ name: command, description, argumentHint }) => ({
        insert: { text: `/${command} `, after: '' },
        label: revealText(`/${command} ${argumentHint}`.trim()),
        hint: revealText(description.slice(0, 200)),
      }))
  }
  if (token?.kind !== 'file') return []
  const wanted = name.toLowerCase()
  const base = directory === '' || directory === '/' ? directory : `${directory}/`
  return (files.data?.entries ?? [])
    .filter(entry => entry.name.toLowerCase().includes(wanted))
    .sort((a, b) => rank(a.name, wanted) - rank(b.name, wanted))
    .slice(0, most)
    .map(entry => {
      const path = base + entry.name
      const isDirectory = entry.type === 'directory'
      const insert = toMention(path, isDirectory)
      return { insert, label: revealText(entry.name) + (isDirectory ? '/' : ''), hint: '' }
    })
}

/** Names that begin with what was typed come first. */
function rank(name: string, wanted: string): number {
  return name.toLowerCase().startsWith(wanted) ? 0 : 1
}
