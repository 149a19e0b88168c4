import { Writable } from 'node:stream'
import { pino } from 'pino'

/** A real logger whose lines can be looked at. */
export function collectLog() {
  const lines: Record<string, unknown>[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().trim().split('\n')) lines.push(JSON.parse(line))
      done()
    },
  })
  const logger = pino({ level: 'debug' }, sink)
  /** Lines that look like something broke: level error and above. A request that was refused with a 503 is no fault. */
  const faults = () => lines.filter(({ level, msg }) => (level as number) >= 50 && msg !== 'request')
  return { logger, lines, faults }
}
