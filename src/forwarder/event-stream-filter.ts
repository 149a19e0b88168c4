import { Transform, type TransformCallback } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** An event of a `text/event-stream`. */
export interface StreamedEvent {
  type: string
  data: string
}

/** A longer event ends the stream, because Claude Code would have to buffer it too. */
const maxEventLength = 32 * 1024 * 1024

/**
 * Forwards a stream of server-sent events, each event as soon as it is complete.
 *
 * @param replace gets each event with data; a returned string replaces the data
 */
export function filterEventStream(replace: (event: StreamedEvent) => string | undefined): Transform {
  const decoder = new StringDecoder('utf8')
  /** The pieces of the unfinished line; each piece is scanned only once. */
  let pieces: string[] = []
  let pending = 0
  /** A trailing carriage return may be half of a line ending. */
  let held = ''
  let lines: string[] = []
  let length = 0
  let begun = false
  const takeLine = (line: string): string => {
    if (line !== '') {
      lines.push(line)
      length += line.length
      return ''
    }
    const event = readEvent(lines)
    const data = event && replace(event)
    const kept =
      data === undefined ? lines : [...lines.filter(text => !/^data(:|$)/.test(text)), `data: ${data}`]
    lines = []
    length = 0
    return kept
      .map(text => `${text}\n`)
      .concat('\n')
      .join('')
  }
  const take = (given: string, isLast = false): string => {
    let text = held + (begun ? given : given.replace(/^\ufeff/, ''))
    begun ||= given !== ''
    held = !isLast && text.endsWith('\r') ? '\r' : ''
    text = text.slice(0, text.length - held.length)
    let written = ''
    let start = 0
    for (const end of text.matchAll(/\r\n|\n|\r/g)) {
      const line = pieces.join('') + text.slice(start, end.index)
      start = end.index + end[0].length
      pieces = []
      pending = 0
      // Comments keep connections open, so they are forwarded at once.
      written += lines.length === 0 && line.startsWith(':') ? `${line}\n` : takeLine(line)
    }
    pieces.push(text.slice(start))
    pending += text.length - start
    return written
  }
  return new Transform({
    transform(chunk: Buffer, _encoding, callback: TransformCallback) {
      const written = take(decoder.write(chunk))
      if (pending + length > maxEventLength) callback(new Error('event of the stream too long'))
      else callback(null, written)
    },
    flush(callback: TransformCallback) {
      callback(null, take(decoder.end(), true))
    },
  })
}

function readEvent(lines: readonly string[]): StreamedEvent | undefined {
  let type = 'message'
  const data: string[] = []
  for (const line of lines) {
    const [, name, value = ''] = /^(event|data)(?:: ?(.*))?$/s.exec(line) ?? []
    if (name === 'event') type = value
    else if (name === 'data') data.push(value)
  }
  return data.length === 0 ? undefined : { type, data: data.join('\n') }
}
