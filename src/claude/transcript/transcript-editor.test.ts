import { describe, expect, test } from 'vitest'
import type { TranscriptEntry } from '../../sessions/ports/index.ts'
import { transcriptEditor } from './transcript-editor.ts'

const at = (second: number) => new Date(second * 1000).toISOString()
const user = (uuid: string, second: number): TranscriptEntry => ({
  type: 'user',
  uuid,
  timestamp: at(second),
  sessionId: 'old',
})
const queue = { type: 'queue-operation', sessionId: 'old' }

describe('a branch of a transcript', () => {
  test('ends before the first of the prompts, and has the new id', () => {
    const entries = [
      user('a', 1),
      { type: 'assistant', uuid: 'b', sessionId: 'old' },
      user('c', 3),
      user('d', 4),
    ]
    const { parts, begun } = transcriptEditor.branch(
      [{ subpath: null, entries }],
      new Set(['d', 'c', 'never sent']),
      'new',
    )
    expect(begun).toBe(true)
    expect(parts).toEqual([
      { subpath: null, entries: entries.slice(0, 2).map(entry => ({ ...entry, sessionId: 'new' })) },
    ])
  })

  test('is all of it when none of the prompts is there', () => {
    const entries = [queue, user('a', 1), queue]
    const { parts } = transcriptEditor.branch([{ subpath: null, entries }], new Set(['x']), 'new')
    expect(parts[0]?.entries).toHaveLength(3)
  })

  test('has nothing of what announced the prompt', () => {
    const lastPrompt = (leafUuid: string) => ({ type: 'last-prompt', leafUuid })
    const entries = [queue, user('a', 1), lastPrompt('a'), lastPrompt('c'), queue, queue, user('c', 3)]
    const { parts } = transcriptEditor.branch([{ subpath: null, entries }], new Set(['c']), 'old')
    expect(parts[0]?.entries).toEqual([queue, user('a', 1), lastPrompt('a')])
  })

  test('is empty when nothing was said before', () => {
    const parts = [
      { subpath: null, entries: [queue, user('a', 1)] },
      { subpath: 'subagents/one', entries: [user('s', 2)] },
    ]
    expect(transcriptEditor.branch(parts, new Set(['a']), 'new')).toEqual({ parts: [], begun: false })
    expect(transcriptEditor.branch([], new Set(), 'new')).toEqual({ parts: [], begun: false })
  })

  test('has of each subagent what it had done by then', () => {
    const metadata = { type: 'agent_metadata' }
    const parts = [
      { subpath: null, entries: [user('a', 1), user('c', 10)] },
      { subpath: 'before', entries: [metadata, user('s', 2), user('t', 3), metadata] },
      { subpath: 'during', entries: [metadata, user('s', 2), user('t', 11), metadata] },
      { subpath: 'after', entries: [metadata, user('s', 12)] },
    ]
    const { parts: kept } = transcriptEditor.branch(parts, new Set(['c']), 'new')
    expect(kept.map(({ subpath, entries }) => [subpath, entries.length])).toEqual([
      [null, 1],
      ['before', 4],
      ['during', 2],
    ])
  })
})
