import { isUtf8 } from 'node:buffer'

const percentSign = 0x25

/** A name as the file system has it; bytes where it is not UTF-8. */
export type FileName = string | Buffer

export interface ShownName {
  name: string
  /** Whether the name is not UTF-8, so that no text can stand for it. */
  escaped: boolean
}

/** Bytes beyond ASCII become `%XX`, and so does a percent sign, so that two names are still two. */
export function toShownName(bytes: Buffer): ShownName {
  if (isUtf8(bytes)) return { name: bytes.toString(), escaped: false }
  const name = [...bytes].map(byte =>
    byte < 0x80 && byte !== percentSign
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  )
  return { name: name.join(''), escaped: true }
}

/** The name that is shown like that; undefined when none is. A text can also be the name itself. */
export function fromShownName(name: string): Buffer | undefined {
  if (!mayBeEscaped(name)) return undefined
  const bytes = Buffer.from(
    name.replace(/%([0-9A-F]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  )
  return !isUtf8(bytes) && toShownName(bytes).name === name ? bytes : undefined
}

/** Whether a path may have a name in it that is shown with its bytes. */
export function mayBeEscaped(path: string): boolean {
  return /%[89A-F][0-9A-F]/.test(path)
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
