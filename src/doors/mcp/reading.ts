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
  return { bytes, text: toText(bytes, offset), mimeType, sizeBytes: Number(total ?? bytes.length), uri }
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

/** A range may begin and end in the middle of a character. */
function toText(bytes: Buffer, offset: number): string | undefined {
  let start = 0
  while (offset > 0 && start < Math.min(3, bytes.length) && (bytes.readUInt8(start) & 0xc0) === 0x80) start++
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start), { stream: true })
  } catch {
    return undefined
  }
}

export async function readDiff(
  client: ClaudeCodeClient,
  sessionId: string,
  query: { since?: string | undefined; path?: string | undefined },
  signal: AbortSignal,
): Promise<string> {
  const input = { params: { sessionId }, query: { ...query, format: 'unified' as const } }
  return readWhole((await client.call('getDiff', input, { signal })) as Response)
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
