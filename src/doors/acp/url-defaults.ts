import type { RequestError } from '@agentclientprotocol/sdk'
import { type ClientMethods, clientMethods } from './client-tools.ts'
import { invalid } from './errors.ts'
import type { SessionDefaults } from './new-session.ts'

const names = ['preset', 'cwd', 'workspace', 'clientMethods']

/** Choices for new sessions in the URL of the door, for clients that can be given a URL and nothing else. */
export function readDefaults(query: URLSearchParams): SessionDefaults | RequestError {
  const unknown = [...query.keys()].find(name => !names.includes(name))
  if (unknown !== undefined) return invalid(unknown, `unknown parameter; possible are ${names.join(', ')}`)
  const [preset, cwd, workspace, methods] = names.map(name => query.get(name) ?? undefined)
  if (workspace !== undefined && workspace !== 'empty') return invalid('workspace', 'must be empty')
  if (workspace !== undefined && cwd !== undefined) return invalid('workspace', 'cannot be used with cwd')
  const wanted = methods?.split(',')
  if (wanted?.some(name => !(clientMethods as readonly string[]).includes(name))) {
    return invalid('clientMethods', `must be names of ${clientMethods.join(', ')}, separated by commas`)
  }
  return { preset, cwd, workspace, clientMethods: wanted as ClientMethods[] | undefined }
}
