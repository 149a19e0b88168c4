import { isUtf8 } from 'node:buffer'

export const imageMediaTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const
export type ImageMediaType = (typeof imageMediaTypes)[number]
/** The media types that can be detected from content. */
export type DetectedMediaType = ImageMediaType | 'application/pdf' | 'text/plain'

const pdfSignature = '%PDF-'
/** The range in which the signature of a PDF may begin; readers accept other bytes before it. */
const pdfHeadBytes = 1024

/** The number of leading bytes that `detectBinaryMediaType` needs. */
export const signatureBytes = pdfHeadBytes + pdfSignature.length

/** Detects the media type of a content; undefined if it is unknown. */
export function detectMediaType(bytes: Uint8Array): DetectedMediaType | undefined {
  const binary = detectBinaryMediaType(bytes)
  if (binary) return binary
  if (bytes.length > 0 && !bytes.includes(0) && isUtf8(bytes)) return 'text/plain'
  // A text may mention the signature; in other content it is a signature.
  return headOf(bytes).includes(pdfSignature, 0, 'latin1') ? 'application/pdf' : undefined
}

/** Detects types that begin with a signature, from the first bytes only. */
export function detectBinaryMediaType(bytes: Uint8Array): ImageMediaType | 'application/pdf' | undefined {
  const head = headOf(bytes)
  const startsWith = (signature: string, at = 0) =>
    head.toString('latin1', at, at + signature.length) === signature
  if (startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (startsWith('GIF87a') || startsWith('GIF89a')) return 'image/gif'
  if (startsWith('RIFF') && startsWith('WEBP', 8)) return 'image/webp'
  return /^(\xef\xbb\xbf)?[\t\n\f\r ]*%PDF-/.test(head.toString('latin1')) ? 'application/pdf' : undefined
}

function headOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, signatureBytes))
}

const silent = new Set(['application/octet-stream', 'application/x-www-form-urlencoded', '*/*'])
/** Exceptions that are texts: drawings in XML, playlists, and TypeScript, which many take for a video by its name. */
const textual =
  /^(image\/([\w.-]+\+xml|x-x(bit|pix)map)|audio\/(x-)?mpegurl|video\/(mp2t|vnd\.dlna\.mpeg-tts))$/
const binary = [
  /^(multipart|image|audio|video|font)\//,
  /^application\/(pdf|wasm|java-archive|msword|font-[\w.-]+)$/,
  /^application\/(x-)?(zip|zip-compressed|gzip|bzip2?|xz|zstd|tar|7z-compressed|rar|rar-compressed)$/,
  /^application\/(vnd\.rar|vnd\.openxmlformats-officedocument\.[\w.-]+|vnd\.oasis\.opendocument\.[\w-]+)$/,
  /\+(zip|gzip)$/,
]

/**
 * Whether a declared media type agrees with the content. Defaults of clients (`curl` sends
 * `application/x-www-form-urlencoded`) agree with everything, and texts may have any type that is not binary.
 */
export function agreesWith(claimed: string | undefined, detected: DetectedMediaType): boolean {
  if (claimed === undefined || silent.has(claimed)) return true
  if (detected === 'text/plain') return textual.test(claimed) || !binary.some(kind => kind.test(claimed))
  return claimed === detected || (claimed === 'image/jpg' && detected === 'image/jpeg')
}
