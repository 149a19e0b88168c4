import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Store } from '../../src/sessions/ports/index.ts'

/** What the port `TranscriptStore` promises. */
export function transcriptCases(store: () => Store): void {
  const entry = (n: number) => ({
    type: 'user',
    uuid: `u-${n}`,
    text: `line ${n} \u2028 "quoted" ${'x'.repeat(n)}`,
  })

  test('gives back what was appended, in order, each line once', async () => {
    const { transcripts } = store()
    const key = { tenantId: 'default', claudeSessionId: randomUUID(), subpath: null }
    expect(await transcripts.loadTranscript(key)).toBeNull()
    const withoutId = { type: 'mode', mode: 'plan' }
    await transcripts.appendTranscript(key, [entry(1), entry(2), withoutId])
    await transcripts.appendTranscript(key, [entry(2), entry(3), withoutId])
    expect(await transcripts.loadTranscript(key)).toEqual([
      entry(1),
      entry(2),
      withoutId,
      entry(3),
      withoutId,
    ])
  })

  test('replaces a transcript, unless something was appended meanwhile', async () => {
    const { transcripts } = store()
    const key = { tenantId: 'default', claudeSessionId: randomUUID(), subpath: null }
    await transcripts.appendTranscript(key, [entry(2), entry(3)])
    await transcripts.replaceTranscript(key, [entry(1)], 1)
    expect(await transcripts.loadTranscript(key)).toEqual([entry(2), entry(3)])
    await transcripts.replaceTranscript(key, [entry(1), entry(2), entry(3)], 2)
    await transcripts.appendTranscript(key, [entry(4)])
    expect(await transcripts.loadTranscript(key)).toEqual([entry(1), entry(2), entry(3), entry(4)])
  })

  test('removes all of one conversation, and nothing else', async () => {
    const { transcripts } = store()
    const main = { tenantId: 'default', claudeSessionId: randomUUID(), subpath: null }
    const other = { ...main, claudeSessionId: randomUUID() }
    await transcripts.appendTranscript(main, [entry(1)])
    await transcripts.appendTranscript({ ...main, subpath: 'subagents/one' }, [entry(1)])
    await transcripts.appendTranscript(other, [entry(1)])
    await transcripts.removeTranscripts({ ...main, tenantId: 'other' })
    expect(await transcripts.loadTranscript(main)).toHaveLength(1)
    await transcripts.removeTranscripts(main)
    expect(await transcripts.loadTranscript(main)).toBeNull()
    expect(await transcripts.listTranscriptSubpaths(main)).toEqual([])
    expect(await transcripts.loadTranscript(other)).toHaveLength(1)
  })

  test('keeps conversations, what belongs to them, and tenants apart', async () => {
    const { transcripts } = store()
    const main = { tenantId: 'default', claudeSessionId: randomUUID(), subpath: null }
    const sub = { ...main, subpath: 'subagents/one' }
    await transcripts.appendTranscript(main, [entry(1)])
    await transcripts.appendTranscript(sub, [entry(1), entry(2)])
    expect(await transcripts.loadTranscript(main)).toHaveLength(1)
    expect(await transcripts.loadTranscript(sub)).toHaveLength(2)
    expect(await transcripts.listTranscriptSubpaths(main)).toEqual(['subagents/one'])
    expect(await transcripts.loadTranscript({ ...main, tenantId: 'other' })).toBeNull()
    expect(await transcripts.listTranscriptSubpaths({ ...main, tenantId: 'other' })).toEqual([])
  })
}
