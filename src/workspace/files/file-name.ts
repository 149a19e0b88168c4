import { isUtf8 } from 'node:buffer'

const percentSign = 0x25

/** A name in the file system; bytes if it is not UTF-8. */
export type FileName = string | Buffer

export interface ShownName {
  name: string
  /** Whether the name is not UTF-8 and cannot be a text. */
  escaped: boolean
}

/** Replaces bytes beyond ASCII and percent signs with `%XX`, so that different names stay different. */
export function toShownName(bytes: Buffer): ShownName {
  if (isUtf8(bytes)) return { name: bytes.toString(), escaped: false }
  const name = [...bytes].map(byte =>
    byte < 0x80 && byte !== percentSign
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  )
  return { name: name.join(''), escaped: true }
}

/** Returns the bytes of an escaped name; undefined if the text is not one. The text can also be a plain name. */
export function fromShownName(name: string): Buffer | undefined {
  if (!mayBeEscaped(name)) return undefined
  const bytes = Buffer.from(
    name.replace(/%([0-9A-F]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  )
  return !isUtf8(bytes) && toShownName(bytes).name === name ? bytes : undefined
}

/** Whether a path may contain an escaped name. */
export function mayBeEscaped(path: string): boolean {
  return /%[89A-F][0-9A-F]/.test(path)
}

/** Returns a link's target with escaped names, so that it matches the names as shown. */
export function toShownTarget(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString()
  const names = bytes.toString('latin1').split('/')
  return names.map(name => toShownName(Buffer.from(name, 'latin1')).name).join('/')
}

/** Converts to the form for the file system: a text if possible, because it is cheaper. */
export function toFileName(bytes: Buffer): FileName {
  return isUtf8(bytes) ? bytes.toString() : bytes
}
