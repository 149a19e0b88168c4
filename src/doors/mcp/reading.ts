import type { ClaudeCodeClient } from '../../client/index.ts'

/** The longest text that is returned in one piece, in bytes. */
const mostBytes = 8 * 1024 * 1024

export interface FileRange {
  sessionId: string
  path: string
  offset: number
  maxBytes: number
}

export interface ReadFile {
  bytes: Buffer
  /** Undefined: the bytes are not UTF-8. */
  text: string | undefined
  mimeType: string
  sizeBytes: number
  /** The first byte that is not in the text, or in the bytes; null: the file ends here. */
  nextOffset: number | null
  uri: string
}

export async function readFile(
  client: ClaudeCodeClient,
  { sessionId, path, offset, maxBytes }: FileRange,
  signal: AbortSignal,
): Promise<ReadFile> {
  const headers = offset > 0 ? { Range: `bytes=${offset}-` } : {}
  const input = { params: { sessionId }, query: { path }, headers }
  const response = await client.call('readFile', input, { signal })
  const bytes = await readAtMost(response, maxBytes)
  const total = response.headers.get('content-range')?.split('/')[1] ?? response.headers.get('content-length')
  const [mimeType = ''] = (response.headers.get('content-type') ?? 'application/octet-stream').split(';')
  const uri = `claude-code://sessions/${sessionId}/files/${path.split('/').map(encodeURIComponent).join('/')}`
  const text = toText(bytes, offset)
  const sizeBytes = Number(total ?? offset + bytes.length)
  const end = offset + (text ? skipped(bytes, offset) + Buffer.byteLength(text) : bytes.length)
  return { bytes, text, mimeType, sizeBytes, nextOffset: end < sizeBytes ? end : null, uri }
}

/** Returns the beginning of a response, and leaves the rest. */
async function readAtMost(response: Response, most: number): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body ?? []) {
    pieces.push(piece)
    size += piece.length
    if (size >= most) break
  }
  return Buffer.concat(pieces).subarray(0, most)
}

/** The bytes of a range that are the rest of a character before it. */
function skipped(bytes: Buffer, offset: number): number {
  let start = 0
  while (offset > 0 && start < Math.min(3, bytes.length) && (bytes.readUInt8(start) & 0xc0) === 0x80) start++
  return start
}

/** A range may begin and end in the middle of a character. */
function toText(bytes: Buffer, offset: number): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    // The length of the text tells the offset of the rest.
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    return decoder.decode(bytes.subarray(skipped(bytes, offset)), { stream: true })
  } catch {
    return undefined
  }
}

/** Returns a diff, with notes at its end on what it lacks. */
export async function readDiff(
  client: ClaudeCodeClient,
  sessionId: string,
  query: { since?: string | undefined; path?: string | undefined },
  signal: AbortSignal,
): Promise<string> {
  const input = { params: { sessionId }, query: { ...query, format: 'unified' as const } }
  const response = (await client.call('getDiff', input, { signal })) as Response
  const { headers } = response
  const reason = headers.get('x-diff-reason')
  const notes = [
    ...(headers.get('x-diff-truncated') === 'true'
      ? ['[the rest is left out: there are too many differences; ask for one path]']
      : []),
    ...(reason === null
      ? []
      : [
          `[source: ${headers.get('x-diff-source')}, reason: ${reason}. Only files that tools such as Write and Edit have changed are compared; changes by commands are not known]`,
        ]),
  ]
  const text = await readWhole(response)
  if (notes.length === 0) return text
  return [text || 'No differences are known', ...notes, ''].join('\n')
}

export async function readTranscript(
  client: ClaudeCodeClient,
  sessionId: string,
  signal: AbortSignal,
): Promise<string> {
  const input = { params: { sessionId }, query: { format: 'markdown' as const } }
  return readWhole(await client.call('exportSession', input, { signal }))
}

async function readWhole(response: Response): Promise<string> {
  const bytes = await readAtMost(response, mostBytes + 1)
  if (bytes.length <= mostBytes) return bytes.toString()
  return `${bytes.subarray(0, mostBytes).toString()}\n\n[the rest is left out: it has more than ${mostBytes} bytes]\n`
}
