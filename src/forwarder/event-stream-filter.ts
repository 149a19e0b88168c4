import { Transform, type TransformCallback } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** An event of a stream (`text/event-stream`). */
export interface StreamedEvent {
  type: string
  data: string
}

/** A longer event ends the stream: Claude Code would have to hold it as well. */
const maxEventLength = 32 * 1024 * 1024

/**
 * Passes a stream of server-sent events on, each as soon as it is complete.
 *
 * @param replace is given each event that has data; a string takes the place of the data
 */
export function filterEventStream(replace: (event: StreamedEvent) => string | undefined): Transform {
  const decoder = new StringDecoder('utf8')
  let rest = ''
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
  const take = (text: string): string => {
    rest += begun ? text : text.replace(/^\ufeff/, '')
    begun ||= text !== ''
    let written = ''
    // A carriage return at the end may be half of a line's end.
    for (let end = /\r\n|\n|\r(?!$)/.exec(rest); end; end = /\r\n|\n|\r(?!$)/.exec(rest)) {
      const line = rest.slice(0, end.index)
      rest = rest.slice(end.index + end[0].length)
      // Comments keep connections open: they are not held back.
      written += lines.length === 0 && line.startsWith(':') ? `${line}\n` : takeLine(line)
    }
    return written
  }
  return new Transform({
    transform(chunk: Buffer, _encoding, callback: TransformCallback) {
      const written = take(decoder.write(chunk))
      if (rest.length + length > maxEventLength) callback(new Error('an event of the stream is too long'))
      else callback(null, written)
    },
    flush(callback: TransformCallback) {
      callback(null, take(decoder.end()))
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
