import { describe, expect, test } from 'vitest'
import type { TranscriptEntry } from '../../sessions/ports/index.ts'
import { isSameTranscript, mergeTranscripts, withoutEmptyCompactions } from './transcript-merge.ts'

/** A line that was written in that second; a text beginning with `r` is a tool's result. */
function line(uuid: string, parentUuid: string | null, second: number): TranscriptEntry {
  const type = uuid.startsWith('a') ? 'assistant' : 'user'
  const content = uuid.startsWith('r') ? [{ type: 'tool_result', tool_use_id: 't' }] : uuid
  const timestamp = new Date(second * 1_000).toISOString()
  return { type, uuid, parentUuid, timestamp, message: { content } }
}

/** A conversation of prompts and answers, one a second. */
function chain(...uuids: string[]): TranscriptEntry[] {
  return uuids.map((uuid, index) => line(uuid, uuids[index - 1] ?? null, index))
}

function shown(entries: readonly TranscriptEntry[]): string {
  return entries.map(({ uuid, parentUuid }) => `${uuid}<${parentUuid ?? ''}`).join(' ')
}

const whole = chain('u1', 'a1', 'u2', 'a2', 'u3', 'a3')
const wholeText = shown(whole)

describe('two copies of one transcript', () => {
  test('are whole again whichever lines each of them lacks', () => {
    for (let ours = 0; ours < 64; ours++) {
      for (let theirs = 0; theirs < 64; theirs++) {
        if ((ours | theirs) !== 63) continue
        const part = (mask: number) => whole.filter((_, index) => mask & (1 << index))
        expect(shown(mergeTranscripts(part(ours), part(theirs))), `${ours} and ${theirs}`).toBe(wholeText)
      }
    }
  })

  test('have a way back to the beginning from each line, whatever both lack', () => {
    for (let mask = 1; mask < 64; mask++) {
      const merged = mergeTranscripts(
        whole.filter((_, index) => mask & (1 << index)),
        [],
      )
      const uuids = merged.map(({ uuid }) => uuid)
      expect(merged.map(({ parentUuid }) => parentUuid)).toEqual([null, ...uuids.slice(0, -1)])
    }
  })

  test('that continued on their own are one conversation, the earlier continuation first', () => {
    const base = chain('u1', 'a1')
    const lost = [line('u2', 'a1', 2), line('a2', 'u2', 3)]
    const later = [line('u3', 'a1', 10), line('a3', 'u3', 11)]
    expect(shown(mergeTranscripts([...base, ...later], [...base, ...lost]))).toBe(
      'u1< a1<u1 u2<a1 a2<u2 u3<a2 a3<u3',
    )
    expect(shown(mergeTranscripts([...base, ...lost], [...base, ...later]))).toBe(
      'u1< a1<u1 u2<a1 a2<u2 u3<a2 a3<u3',
    )
  })

  test('that have nothing in common are one conversation too', () => {
    expect(shown(mergeTranscripts([line('u2', null, 5), line('a2', 'u2', 6)], chain('u1', 'a1')))).toBe(
      'u1< a1<u1 u2<a1 a2<u2',
    )
  })

  test('are joined the same way again and again', () => {
    const base = chain('u1', 'a1')
    const ours = [...base, line('u3', 'a1', 10)]
    const theirs = [...base, { type: 'mode', mode: 'plan' }, line('u2', 'a1', 2)]
    const merged = mergeTranscripts(ours, theirs)
    expect(isSameTranscript(mergeTranscripts(merged, theirs), merged)).toBe(true)
    expect(isSameTranscript(mergeTranscripts(merged, merged), merged)).toBe(true)
  })
})

test('branches that one copy has are left as they are', () => {
  const calls = [
    ...chain('u1', 'a1'),
    line('a2', 'a1', 2),
    line('r2', 'a2', 3),
    line('r1', 'a1', 4),
    line('a3', 'r1', 5),
  ]
  expect(mergeTranscripts(calls, [])).toEqual(calls)
  expect(shown(mergeTranscripts(calls.slice(0, 3), calls))).toBe(shown(calls))
})

test('lines without a uuid are kept as often as the copy with most of them has them', () => {
  const mode = { type: 'mode', mode: 'plan' }
  expect(
    mergeTranscripts([mode, ...whole], [...whole, mode, mode]).filter(({ type }) => type === 'mode'),
  ).toHaveLength(2)
})

test('a chain that leads back to itself ends', () => {
  const loop = [line('u1', 'a1', 0), line('a1', 'u1', 1)]
  expect(mergeTranscripts(loop, loop)).toHaveLength(2)
})

describe('a compaction', () => {
  const mark = (uuid: string): TranscriptEntry => ({
    type: 'system',
    subtype: 'compact_boundary',
    uuid,
    parentUuid: null,
  })
  const summary = (uuid: string, parentUuid: string) => ({
    ...line(uuid, parentUuid, 9),
    isCompactSummary: true,
  })
  const before = chain('u1', 'a1')
  const after = [line('u2', 's1', 10), line('a2', 'u2', 11)]

  test('with its summary stays', () => {
    const compacted = [...before, mark('b1'), summary('s1', 'b1'), ...after]
    expect(shown(withoutEmptyCompactions(compacted))).toBe('u1< a1<u1 b1< s1<b1 u2<s1 a2<u2')
  })

  test('without its summary is none: what follows is joined with what was before', () => {
    const torn = [...before, mark('b1'), ...after]
    expect(shown(withoutEmptyCompactions(torn))).toBe('u1< a1<u1 u2<a1 a2<u2')
  })

  test('whose summary is missing does not take that of the one before', () => {
    const torn = [...before, mark('b1'), summary('s1', 'b1'), ...after, mark('b2'), line('u3', 's2', 12)]
    expect(shown(withoutEmptyCompactions(torn))).toBe('u1< a1<u1 b1< s1<b1 u2<s1 a2<u2 u3<a2')
  })
})
