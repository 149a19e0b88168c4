import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { ApiError } from '../../../src/client/index.ts'
import { client } from './connection.ts'
import { workspaceKey } from './workspace.ts'

/** The beginning of a file, or all of it. */
export interface FileContent {
  bytes: Uint8Array
  sizeBytes: number
  etag: string
  mediaType: string
}

async function read(sessionId: string, path: string, headers: Record<string, string>, signal: AbortSignal) {
  const input = { params: { sessionId }, query: { path }, headers }
  return (await client.call('readFile', input, { signal })) as Response
}

async function readBeginning(
  sessionId: string,
  path: string,
  limit: number,
  signal: AbortSignal,
): Promise<Response> {
  try {
    return await read(sessionId, path, { Range: `bytes=0-${limit - 1}` }, signal)
  } catch (error) {
    // An empty file has no range.
    if (error instanceof ApiError && error.status === 416) return read(sessionId, path, {}, signal)
    throw error
  }
}

/** @param limit how many bytes are read at most */
export function fileContentQuery(sessionId: string, path: string, limit: number) {
  return queryOptions({
    queryKey: [...workspaceKey(sessionId), 'content', path, limit],
    queryFn: async ({ signal }): Promise<FileContent> => {
      const response = await readBeginning(sessionId, path, limit, signal)
      const bytes = await response.bytes()
      const size = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]
      return {
        bytes,
        sizeBytes: size === undefined ? bytes.length : Number(size),
        etag: response.headers.get('etag') ?? '',
        mediaType: response.headers.get('content-type')?.split(';', 1)[0] ?? '',
      }
    },
    placeholderData: keepPreviousData,
  })
}

/** All of a file as a blob, such as an image. */
export function fileBlobQuery(sessionId: string, path: string, etag: string) {
  return queryOptions({
    queryKey: [...workspaceKey(sessionId), 'blob', path, etag],
    queryFn: async ({ signal }) => (await read(sessionId, path, {}, signal)).blob(),
    gcTime: 60_000,
  })
}
