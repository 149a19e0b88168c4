import { isUtf8 } from 'node:buffer'
import type { FileName } from './directory.ts'

export interface ShownName {
  name: string
  /** Whether the name is not UTF-8, so that no text can stand for it. */
  escaped: boolean
}

/** Bytes that are no text become `%XX`, so that two names are still two. */
export function toShownName(bytes: Buffer): ShownName {
  if (isUtf8(bytes)) return { name: bytes.toString(), escaped: false }
  const name = [...bytes].map(byte =>
    byte < 0x80 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase()}`,
  )
  return { name: name.join(''), escaped: true }
}

/** What a link says, each name in it as it is shown: so it leads to the one that is shown like that. */
export function toShownTarget(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString()
  const names = bytes.toString('latin1').split('/')
  return names.map(name => toShownName(Buffer.from(name, 'latin1')).name).join('/')
}

/** For the file system: a text where there is one, because it is cheaper. */
export function toFileName(bytes: Buffer): FileName {
  return isUtf8(bytes) ? bytes.toString() : bytes
}
