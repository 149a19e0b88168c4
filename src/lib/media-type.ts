import { isUtf8 } from 'node:buffer'

export const imageMediaTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const
export type ImageMediaType = (typeof imageMediaTypes)[number]
/** What can be told of a file by looking into it. */
export type DetectedMediaType = ImageMediaType | 'application/pdf' | 'text/plain'

/** Where the signature of a PDF may stand: readers allow for something before it. */
const pdfHeadBytes = 1024

/** How many bytes from the start `detectBinaryMediaType` looks at. */
export const signatureBytes = pdfHeadBytes + 5

/** What the content itself says that it is; undefined when it is nothing known. */
export function detectMediaType(bytes: Uint8Array): DetectedMediaType | undefined {
  const binary = detectBinaryMediaType(bytes)
  if (binary) return binary
  return bytes.length > 0 && !bytes.includes(0) && isUtf8(bytes) ? 'text/plain' : undefined
}

/** The same from the first bytes alone; text cannot be told by them. */
export function detectBinaryMediaType(bytes: Uint8Array): ImageMediaType | 'application/pdf' | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, signatureBytes))
  const startsWith = (signature: string, at = 0) =>
    head.toString('latin1', at, at + signature.length) === signature
  if (startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (startsWith('GIF87a') || startsWith('GIF89a')) return 'image/gif'
  if (startsWith('RIFF') && startsWith('WEBP', 8)) return 'image/webp'
  return head.includes('%PDF-', 0, 'latin1') ? 'application/pdf' : undefined
}

const silent = new Set(['application/octet-stream', 'application/x-www-form-urlencoded', '*/*'])
const textual =
  /^(text\/[\w.+-]+|application\/([\w.-]+\+)?(json|xml|yaml)|application\/(x-)?(javascript|typescript|sh|toml|yaml|ndjson|sql))$/

/**
 * Whether what a sender says of a content agrees with what it is. What clients say of anything (`curl` says
 * `application/x-www-form-urlencoded`) says nothing.
 */
export function agreesWith(claimed: string | undefined, detected: DetectedMediaType): boolean {
  if (claimed === undefined || silent.has(claimed)) return true
  if (detected === 'text/plain') return textual.test(claimed)
  return claimed === detected || (claimed === 'image/jpg' && detected === 'image/jpeg')
}
