import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  ResourceTemplate,
  type ServerContext,
  type Variables,
} from '@modelcontextprotocol/server'
import { ApiError, type SessionSummary } from '../../client/index.ts'
import { readDiff, readFile, readTranscript } from './reading.ts'
import type { Surroundings } from './surroundings.ts'
import { describe } from './tool.ts'

const root = 'claude-code://sessions/'
const pageSize = 50
const mostBytes = 1024 * 1024

type Contents = ReadResourceResult['contents'][number]

export function addResources(server: McpServer, surroundings: Surroundings): void {
  const { client } = surroundings
  const add = (
    name: string,
    template: string,
    shown: { title: string; description: string; mimeType?: string },
    read: (variable: (name: string) => string, signal: AbortSignal) => Promise<Omit<Contents, 'uri'>>,
  ) => {
    const answer = async (uri: URL, variables: Variables, { mcpReq: { signal } }: ServerContext) => {
      try {
        const contents = await read(name => decode([variables[name]].flat().join('/')), signal)
        return { contents: [{ uri: uri.href, ...contents } as Contents] }
      } catch (error) {
        throw toResourceError(error, uri.href, surroundings)
      }
    }
    server.registerResource(
      name,
      new ResourceTemplate(`${root}${template}`, { list: undefined }),
      shown,
      answer,
    )
  }
  add(
    'transcript',
    '{sessionId}/transcript',
    { title: 'Transcript', description: 'The conversation of a session', mimeType: 'text/markdown' },
    async (variable, signal) => ({
      mimeType: 'text/markdown',
      text: await readTranscript(client, variable('sessionId'), signal),
    }),
  )
  add(
    'diff',
    '{sessionId}/diff',
    { title: 'Differences', description: 'What a session has changed in its files', mimeType: 'text/x-diff' },
    async (variable, signal) => ({
      mimeType: 'text/x-diff',
      text: await readDiff(client, variable('sessionId'), {}, signal),
    }),
  )
  add(
    'turn-diff',
    '{sessionId}/turns/{turnId}/diff',
    {
      title: 'Differences since a turn',
      description: 'What has changed in the files of a session since before a turn',
      mimeType: 'text/x-diff',
    },
    async (variable, signal) => ({
      mimeType: 'text/x-diff',
      text: await readDiff(client, variable('sessionId'), { since: variable('turnId') }, signal),
    }),
  )
  add(
    'file',
    '{sessionId}/files/{+path}',
    { title: 'File', description: 'The content of a file of a session, up to 1 MiB' },
    async (variable, signal) => {
      const range = {
        sessionId: variable('sessionId'),
        path: variable('path'),
        offset: 0,
        maxBytes: mostBytes,
      }
      const { bytes, text, mimeType } = await readFile(client, range, signal)
      return { mimeType, ...(text === undefined ? { blob: bytes.toString('base64') } : { text }) }
    },
  )
  // The SDK's own list has no pages.
  server.server.setRequestHandler('resources/list', async ({ params }, { mcpReq: { signal } }) => {
    try {
      const query = { limit: pageSize, status: 'all' as const, cursor: params?.cursor }
      const { sessions, nextCursor } = await client.call('listSessions', { query }, { signal })
      return { resources: sessions.flatMap(toResources), ...(nextCursor !== null && { nextCursor }) }
    } catch (error) {
      throw toResourceError(error, root, surroundings)
    }
  })
}

function toResources({ sessionId, title, lastActivity }: SessionSummary) {
  const name = title ?? sessionId
  const annotations = { lastModified: lastActivity }
  return [
    {
      uri: `${root}${sessionId}/transcript`,
      name: `${sessionId}/transcript`,
      title: `Transcript: ${name}`,
      mimeType: 'text/markdown',
      annotations,
    },
    {
      uri: `${root}${sessionId}/diff`,
      name: `${sessionId}/diff`,
      title: `Differences: ${name}`,
      mimeType: 'text/x-diff',
      annotations,
    },
  ]
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'uri: an escape sequence is not valid')
  }
}

function toResourceError(error: unknown, uri: string, { logFault }: Surroundings): Error {
  if (error instanceof ProtocolError) return error
  if (error instanceof ApiError && error.status === 404) return new ResourceNotFoundError(uri, error.message)
  const status = error instanceof ApiError ? error.status : null
  const isRequest = status !== null && status >= 400 && status < 500
  const code = isRequest ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError
  return new ProtocolError(code, describe(error, logFault))
}
