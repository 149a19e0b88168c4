/**
 * A part of a turn that one response shows. A call of a function ends a response, and the next one continues the
 * turn; so the cursor of the response is in its id, and nothing has to be remembered.
 */
export interface ResponseCursor {
  sessionId: string
  turnId: string
  /** The response shows what the session's log has after this sequence; 0: the turn from its start. */
  after: number
  /** Whether thinking and Claude's own tools are shown. */
  showsReasoning: boolean
  isBackground: boolean
}

interface CallIds {
  sessionId: string
  permissionId: string
}

const cursorBytes = 16 + 16 + 1 + 6
const callBytes = 16 + 16
const reasoningFlag = 1
const backgroundFlag = 2

/** @param prefix such as `resp_` */
export function encodeCursor(prefix: string, cursor: ResponseCursor): string {
  const bytes = Buffer.alloc(cursorBytes)
  bytes.set(bytesOf(cursor.sessionId), 0)
  bytes.set(bytesOf(cursor.turnId), 16)
  bytes.writeUInt8(
    (cursor.showsReasoning ? reasoningFlag : 0) | (cursor.isBackground ? backgroundFlag : 0),
    32,
  )
  bytes.writeUIntBE(cursor.after, 33, 6)
  return prefix + bytes.toString('base64url')
}

/** Returns undefined for texts that are not such ids. */
export function decodeCursor(prefix: string, id: string): ResponseCursor | undefined {
  const bytes = decode(prefix, id, cursorBytes)
  if (!bytes) return undefined
  const flags = bytes.readUInt8(32)
  return {
    sessionId: idAt(bytes, 0),
    turnId: idAt(bytes, 16),
    after: bytes.readUIntBE(33, 6),
    showsReasoning: (flags & reasoningFlag) !== 0,
    isBackground: (flags & backgroundFlag) !== 0,
  }
}

/** The id of a call: it names the request to the caller that the result answers. */
export function encodeCall({ sessionId, permissionId }: CallIds): string {
  return `call_${Buffer.concat([bytesOf(sessionId), bytesOf(permissionId)]).toString('base64url')}`
}

export function decodeCall(id: string): CallIds | undefined {
  const bytes = decode('call_', id, callBytes)
  return bytes && { sessionId: idAt(bytes, 0), permissionId: idAt(bytes, 16) }
}

function decode(prefix: string, id: string, length: number): Buffer | undefined {
  if (!id.startsWith(prefix)) return undefined
  const text = id.slice(prefix.length)
  const bytes = Buffer.from(text, 'base64url')
  return bytes.length === length && bytes.toString('base64url') === text ? bytes : undefined
}

function bytesOf(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

function idAt(bytes: Buffer, at: number): string {
  const hex = bytes.subarray(at, at + 16).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
