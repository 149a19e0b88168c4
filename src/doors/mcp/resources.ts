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
import type { z } from 'zod'
import { ApiError, type SessionSummary } from '../../client/index.ts'
import { cursor, id, path } from './inputs.ts'
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
        const contents = await read(name => readVariable(name, variables), signal)
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
      const { bytes, text, mimeType, nextOffset } = await readFile(client, range, signal)
      if (text === undefined) return { mimeType, blob: bytes.toString('base64') }
      const note =
        nextOffset === null ? '' : `\n\n[the rest is left out: read_file has it from offset ${nextOffset}]\n`
      return { mimeType, text: text + note }
    },
  )
  // The SDK's own list has no pages.
  server.server.setRequestHandler('resources/list', async ({ params }, { mcpReq: { signal } }) => {
    try {
      const query = {
        limit: pageSize,
        status: 'all' as const,
        cursor: check('cursor', cursor, params?.cursor),
      }
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

function readVariable(name: string, variables: Variables): string {
  let value: string
  try {
    value = decodeURIComponent([variables[name]].flat().join('/'))
  } catch {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'uri: an escape sequence is not valid')
  }
  return check(`uri: ${name}`, name === 'path' ? path.min(1) : id, value)
}

/** @throws ProtocolError if the value of a parameter is not valid */
function check<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const { success, data, error } = schema.safeParse(value)
  if (success) return data
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${name}: ${error.issues[0]?.message}`)
}

function toResourceError(error: unknown, uri: string, { logFault }: Surroundings): Error {
  if (error instanceof ProtocolError) return error
  if (error instanceof ApiError && error.status === 404) return new ResourceNotFoundError(uri, error.message)
  const isRequest = error instanceof ApiError && (error.status ?? 500) < 500 && !error.retryable
  const code = isRequest ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError
  return new ProtocolError(code, describe(error, logFault))
}
