import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { filterEventStream } from '../../src/forwarder/event-stream-filter.ts'

/** What comes out when a stream arrives in these pieces. */
function filtered(pieces: Iterable<string>): Promise<string> {
  const replace = ({ data }: { data: string }) => (data === 'secret' ? 'hidden' : undefined)
  return text(Readable.from(pieces, { objectMode: false }).pipe(filterEventStream(replace)))
}

test.each(['\n', '\r\n', '\r'])('a stream with the line end %j is the same wherever it is cut', async end => {
  const lines = [
    '\ufeffevent: a',
    'data: secret',
    '',
    ': comment',
    'data: ünd',
    'data: b',
    'id: 1',
    '',
    'data: half',
  ]
  const stream = lines.join(end)
  const expected = 'event: a\ndata: hidden\n\n: comment\ndata: ünd\ndata: b\nid: 1\n\n'
  for (let cut = 0; cut <= stream.length; cut++) {
    expect(await filtered([stream.slice(0, cut), stream.slice(cut)].filter(piece => piece !== ''))).toBe(
      expected,
    )
  }
  expect(await filtered(stream)).toBe(expected)
})

test('an event of thirty megabytes in small pieces is looked at once', async () => {
  const piece = 'x'.repeat(4 * 1024)
  const pieces = ['data: ', ...Array.from({ length: 7_500 }, () => piece), '\n\n']
  // Looking at all that has come with each piece would take minutes.
  expect((await filtered(pieces)).length).toBe(6 + 7_500 * piece.length + 2)
}, 60_000)
