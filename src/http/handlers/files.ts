import { basename } from 'node:path'
import { ServiceError } from '../../contract/errors.ts'
import { toTimestamp } from '../../contract/primitives.ts'
import type { OpenFile } from '../../sessions/ports/index.ts'
import { parseByteRange } from '../byte-range.ts'
import { toContentDisposition } from '../content-disposition.ts'
import { parseTags, toEtag } from '../etag.ts'
import type { Exchange, FileAnswer, Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'

type FileHandlers = Pick<Handlers, 'listFiles' | 'readFile' | 'writeFile' | 'deleteFile' | 'getArchive'>

export function fileHandlers(deps: HttpDeps): FileHandlers {
  return {
    async listFiles({ caller, params: { sessionId }, query }) {
      return {
        status: 200,
        body: { sessionId, ...(await deps.service.files.list(caller, sessionId, query)) },
      }
    },

    async readFile({ caller, params: { sessionId }, query, headers }) {
      const file = await deps.service.files.open(caller, sessionId, query.path)
      try {
        const answer = toFileAnswer(file, headers)
        if (answer.file.content === null) await file.close()
        return answer
      } catch (error) {
        await file.close()
        throw error
      }
    },

    async writeFile({ caller, params: { sessionId }, query, headers, upload }) {
      const written = await deps.service.files.save(caller, sessionId, query.path, upload.bytes, {
        match: parseTags(headers['If-Match'], 'only strong'),
        noneMatch: parseTags(headers['If-None-Match'], 'weak count'),
      })
      const { path, sizeBytes, modifiedAt, tag, created } = written
      const etag = toEtag(tag)
      const body = { path, sizeBytes, modifiedAt: toTimestamp(modifiedAt), etag }
      return { status: created ? 201 : 200, body, headers: { ETag: etag } }
    },

    async deleteFile({ caller, params: { sessionId }, query: { path, recursive }, headers }) {
      const precondition = { match: parseTags(headers['If-Match'], 'only strong') }
      await deps.service.files.remove(caller, sessionId, path, { recursive, precondition })
      return { status: 204 }
    },

    async getArchive({ caller, params: { sessionId }, query: { path, exclude = '' } }) {
      const excluded = exclude.split(',').flatMap(name => name.trim().replace(/^\.\/|\/$/g, '') || [])
      const query = { path, exclude: excluded }
      const { name, content } = await deps.service.files.archive(caller, sessionId, query)
      const headers = {
        'Content-Type': 'application/gzip',
        'Content-Disposition': toContentDisposition('attachment', `${name}.tar.gz`),
        'Cache-Control': 'no-store',
      }
      return { file: { status: 200, headers, content } }
    },
  }
}

function toFileAnswer(file: OpenFile, headers: Exchange<'readFile'>['headers']): FileAnswer {
  const { sizeBytes, tag, contentType, isActive, path } = file
  const known = parseTags(headers['If-None-Match'], 'weak count')
  const etag = toEtag(tag)
  const shared = {
    ETag: etag,
    'Last-Modified': new Date(file.modifiedAt).toUTCString(),
    // Caches must revalidate each time. Compression would invalidate the length and the tag.
    'Cache-Control': 'private, no-cache, no-transform',
  }
  if (known === '*' || known?.includes(tag)) {
    return { file: { status: 304, headers: shared, content: null } }
  }
  const range = headers.Range === undefined ? 'whole' : parseByteRange(headers.Range, sizeBytes)
  const isRangeMeant = headers['If-Range'] === undefined || headers['If-Range'] === etag
  if (isRangeMeant && range === 'none') {
    throw new ServiceError(
      'RANGE_NOT_SATISFIABLE',
      `Range must be inside the file, which has ${sizeBytes} bytes`,
      { sizeBytes },
    )
  }
  const part = isRangeMeant && typeof range === 'object' ? range : undefined
  const { start, length } = part ?? { start: 0, length: sizeBytes }
  return {
    file: {
      status: part ? 206 : 200,
      headers: {
        ...shared,
        'Content-Type': contentType,
        'Content-Length': `${length}`,
        'Accept-Ranges': 'bytes',
        'Content-Disposition': toContentDisposition(isActive ? 'attachment' : 'inline', basename(path)),
        // The content must not act in the name of this API.
        'Content-Security-Policy': "default-src 'none'; sandbox",
        ...(part && { 'Content-Range': `bytes ${start}-${start + length - 1}/${sizeBytes}` }),
      },
      content: file.read(start, length),
    },
  }
}
