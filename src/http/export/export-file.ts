import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { ExportFormat } from '../../contract/export.ts'
import { toTimestamp } from '../../contract/primitives.ts'
import type { Session } from '../../contract/sessions.ts'
import { toJsonLine } from '../../lib/json-line.ts'
import type { Recording } from '../../sessions/reports/export.ts'
import { toContentDisposition } from '../content-disposition.ts'
import type { FileAnswer } from '../handler.ts'
import { toStoredMessageJson, toTurn } from '../wire.ts'
import { type Entry, EntryReader } from './entries.ts'
import { exportSecurityPolicy, htmlTail, renderHtmlEntry, renderHtmlHead } from './render-html.ts'
import { renderMarkdownEntry, renderMarkdownHead } from './render-markdown.ts'
import { toSize } from './shown-text.ts'

type Pieces = AsyncGenerator<string, void>

interface Form {
  contentType: string
  extension: string
  headers?: Record<string, string>
  render(session: Session, recording: Recording): Pieces
}

const forms: Record<ExportFormat, Form> = {
  jsonl: { contentType: 'application/x-ndjson', extension: 'jsonl', render: renderLines },
  json: { contentType: 'application/json; charset=utf-8', extension: 'json', render: renderDocument },
  markdown: {
    contentType: 'text/markdown; charset=utf-8',
    extension: 'md',
    async *render(session, recording) {
      yield renderMarkdownHead(session)
      for await (const entry of readEntries(recording)) yield renderMarkdownEntry(entry)
    },
  },
  html: {
    contentType: 'text/html; charset=utf-8',
    extension: 'html',
    headers: { 'Content-Security-Policy': exportSecurityPolicy },
    async *render(session, recording) {
      yield renderHtmlHead(session)
      for await (const entry of readEntries(recording)) yield renderHtmlEntry(entry)
      yield htmlTail
    },
  },
}

/** The conversation as a file, made while it is sent: only a page of it is ever held. */
export function toExportFile(session: Session, recording: Recording, format: ExportFormat): FileAnswer {
  const { contentType, extension, headers, render } = forms[format]
  const name = `session-${session.sessionId}.${extension}`
  return {
    file: {
      status: 200,
      headers: {
        'Content-Type': contentType,
        'Content-Disposition': toContentDisposition('attachment', name),
        'Cache-Control': 'no-store',
        ...headers,
      },
      content: Readable.from(inChunks(render(session, recording)), { objectMode: false }),
    },
  }
}

async function* renderLines(_: Session, recording: Recording): Pieces {
  for await (const event of recording.events()) {
    if (event.type === 'message') yield `${toStoredMessageJson(event, recording.messages)}\n`
  }
}

async function* renderDocument(session: Session, recording: Recording): Pieces {
  yield `{"session":${toJsonLine(session)},"exportedAt":${toJsonLine(toTimestamp(Date.now()))},"turns":[`
  let separator = '\n'
  for await (const turn of recording.turns()) {
    yield separator + toJsonLine(toTurn(turn))
    separator = ',\n'
  }
  yield '\n],"messages":['
  separator = '\n'
  for await (const event of recording.events()) {
    if (event.type !== 'message') continue
    yield separator + toStoredMessageJson(event, recording.messages)
    separator = ',\n'
  }
  yield '\n]}\n'
}

async function* readEntries(recording: Recording): AsyncGenerator<Entry, void> {
  const reader = new EntryReader(recording.messages)
  for await (const event of recording.events()) {
    const names = new Map<string, string>()
    for (const id of reader.attachmentsIn(event)) names.set(id, await describeAttachment(recording, id))
    yield* reader.read(event, id => names.get(id) ?? id)
  }
}

async function describeAttachment(recording: Recording, id: string): Promise<string> {
  const attachment = await recording.findAttachment(id)
  if (!attachment) return `attachment ${id}, which is not there any more`
  return `${attachment.name} (${attachment.mediaType}, ${toSize(attachment.sizeBytes)}), attachment ${id}`
}

const chunkBytes = 64 * 1024
/** Reading a message as Markdown can take this long; then other work comes first. */
const roundMs = 25

/** Few large chunks in place of many small ones. */
async function* inChunks(pieces: Pieces): AsyncGenerator<Buffer, void> {
  let waiting: Buffer[] = []
  let bytes = 0
  let roundEnds = performance.now() + roundMs
  for await (const piece of pieces) {
    const buffer = Buffer.from(piece)
    waiting.push(buffer)
    bytes += buffer.length
    const isFull = bytes >= chunkBytes
    // Reading and writing alone would not let anything else come in between.
    if (isFull || performance.now() > roundEnds) {
      await setImmediate()
      roundEnds = performance.now() + roundMs
    }
    if (!isFull) continue
    yield Buffer.concat(waiting)
    waiting = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(waiting)
}
