import { Transform } from 'node:stream'

const periodMs = 15_000
const comment = Buffer.from(': keepalive\n\n')

/** Passes on a stream of events, and adds a comment where it is silent between two events. */
export function withKeepalive(): Transform {
  let isBetween = true
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      timer.refresh()
      isBetween = chunk.toString('latin1').endsWith('\n\n')
      done(null, chunk)
    },
    destroy(error, done) {
      clearInterval(timer)
      done(error)
    },
    flush(done) {
      clearInterval(timer)
      done()
    },
  })
  const timer = setInterval(() => {
    if (isBetween && !stream.readableEnded && !stream.writableNeedDrain) stream.push(comment)
  }, periodMs).unref()
  return stream
}
