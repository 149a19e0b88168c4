import { expect, test } from 'vitest'
import type { SearchRequest } from '../../src/sessions/ports/index.ts'
import type { SessionRecord } from '../../src/sessions/records.ts'
import { readTerms } from '../../src/sessions/search/search-terms.ts'
import { countRounds } from '../support/count-rounds.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, tenantId, turnRecord } from './store-records.ts'

/** What the port `SearchStore` promises. */
export function searchCases(context: StoreContext): void {
  const { addSession } = context
  const search = (q: string, fields: Partial<SearchRequest> = {}) =>
    context.store.search.search({
      ...{ tenantId, sessionId: undefined, before: undefined, limit: 50 },
      terms: readTerms(q),
      ...fields,
    })
  const textsOf = async (q: string, fields: Partial<SearchRequest> = {}) =>
    (await search(q, fields)).found.map(({ text }) => text)
  const say = async (
    session: SessionRecord,
    prompt: string | { type: 'text'; text: string }[],
    answer?: string,
  ) => {
    const turn = turnRecord(session, { prompt })
    await context.store.commit(changeOf(session, { insertTurn: turn }))
    const end = { id: turn.id, status: 'completed' as const, response: answer ?? null, endedAt: 7_000 }
    await context.store.commit(changeOf(session, { updateTurn: end }))
    return turn
  }

  test('finds titles, prompts and answers as soon as they are stored, newest first', async () => {
    const session = await addSession({ title: 'The fox in the title' })
    const turn = await say(session, 'Where is the fox?', 'The Fox is here.')
    const { found, before } = await search('fox')
    expect(before).toBeUndefined()
    expect(found.map(({ id: _, ...text }) => text)).toEqual([
      {
        sessionId: session.id,
        sessionTitle: session.title,
        turnId: turn.id,
        field: 'answer',
        text: 'The Fox is here.',
        at: 7_000,
      },
      {
        sessionId: session.id,
        sessionTitle: session.title,
        turnId: turn.id,
        field: 'prompt',
        text: 'Where is the fox?',
        at: 2_000,
      },
      {
        sessionId: session.id,
        sessionTitle: session.title,
        turnId: null,
        field: 'title',
        text: session.title,
        at: 1_000,
      },
    ])
  })

  test('needs all words, in any order; those of a phrase together; the last may be a beginning', async () => {
    const session = await addSession()
    await say(session, 'the quick brown fox')
    await say(session, 'a fox, quick as a brown bear')
    const both = ['a fox, quick as a brown bear', 'the quick brown fox']
    expect(await textsOf('fox quick')).toEqual(both)
    expect(await textsOf('fox "quick brown"')).toEqual(['the quick brown fox'])
    expect(await textsOf('quick-brown')).toEqual(['the quick brown fox'])
    expect(await textsOf('bro')).toEqual(both)
    expect(await textsOf('bro fox')).toEqual([])
    expect(await textsOf('bro ')).toEqual([])
    expect(await textsOf('"bro"')).toEqual([])
    expect(await textsOf('quick wolf')).toEqual([])
  })

  test.each([
    ['Ärger im CAFÉ', ['arger cafe', 'ÄRGER', 'cafe\u0301', 'café']],
    ['src/index.ts of foo@example.com', ['index', 'ts', 'example', 'foo', 'src/index.ts']],
    ['שלום עולם', ['עולם', 'שלום']],
    ['한국어 텍스트', ['한국어']],
    ['数据库 很好', ['数据', '很好']],
    ['v2.1.3 with 1e5 and x_y-z', ['v2 1', '"1 3"', 'x y', '1e5', 'v2']],
    ['ends here 🙂 with a face', ['here with']],
    ['it’s «quoted»', ['quoted', 's']],
  ])('splits %s into words', async (text, queries) => {
    await say(await addSession(), text)
    for (const q of queries) expect(await textsOf(q), q).toEqual([text])
  })

  test('takes nothing in a query for syntax', async () => {
    const session = await addSession()
    await say(session, 'text NEAR owner')
    for (const q of [
      'OR',
      'fox OR text',
      'NOT fox',
      'text NOT fox',
      'owner : t',
      'fox*',
      '^fox',
      '-fox',
      'AND',
      "') or 1=1 --",
    ]) {
      expect(await textsOf(q), q).toEqual([])
    }
    for (const q of [
      'text AND',
      'text : owner',
      'text" owner',
      '(text',
      'text:*',
      "text'",
      'NEAR(text)',
      'text | owner',
      'text & !owner',
      'te*',
      '\\text',
      '"text',
    ]) {
      const found = await textsOf(q)
      expect([[], ['text NEAR owner']], q).toContainEqual(found)
    }
    expect(await textsOf('owner text near')).toEqual(['text NEAR owner'])
  })

  test('shows nothing of another tenant, and only one session to a key that is bound to it', async () => {
    const [mine, other] = [await addSession(), await addSession()]
    const foreign = await addSession({ tenantId: 'tenant-b', title: 'fox of b' })
    await say(mine, 'fox one')
    await say(other, 'fox two')
    expect(await textsOf('fox')).toEqual(['fox two', 'fox one'])
    expect(await textsOf('fox', { tenantId: 'tenant-b' })).toEqual([foreign.title])
    expect(await textsOf('fox', { tenantId: undefined })).toEqual(['fox two', 'fox one', foreign.title])
    expect(await textsOf('fox', { sessionId: mine.id })).toEqual(['fox one'])
    expect(await textsOf('fox', { sessionId: foreign.id })).toEqual([])
    expect(await textsOf(`fox t${Buffer.from('tenant-b').toString('hex')}`)).toEqual([])
  })

  test('narrows by tags and the archive', async () => {
    await addSession({ title: 'fox red', tags: ['red', 'old'] })
    await addSession({ title: 'fox filed', tags: ['red'], archived: true })
    expect(await textsOf('fox', { tags: ['red'], archived: false })).toEqual(['fox red'])
    expect(await textsOf('fox', { archived: true })).toEqual(['fox filed'])
    expect(await textsOf('fox', { tags: ['red', 'old'] })).toEqual(['fox red'])
  })

  test('follows a new title, a removed session and a rewind', async () => {
    const session = await addSession({ title: 'fox' })
    const kept = await say(session, 'fox kept', 'fox answer')
    const event = { type: 'turn.queued' as const, turnId: kept.id, payload: { status: 'queued' as const } }
    await context.store.commit(changeOf(session, { events: [event] }))
    const dropped = await say(session, 'fox dropped', 'fox dropped too')
    await context.store.commit(changeOf(session, { events: [{ ...event, turnId: dropped.id }] }))
    const title = { title: 'wolf', titleSource: 'claude' as const }
    await context.store.commit(changeOf(session, { session: title }))
    expect(await context.store.findSession(session.tenantId, session.id)).toMatchObject(title)
    expect(await textsOf('fox')).toEqual(['fox dropped too', 'fox dropped', 'fox answer', 'fox kept'])
    expect(await textsOf('wolf')).toEqual(['wolf'])
    await context.store.commit(changeOf(session, { session: { title: null, rewound: [{ from: 2, to: 2 }] } }))
    expect(await textsOf('fox')).toEqual(['fox answer', 'fox kept'])
    expect(await textsOf('wolf')).toEqual([])
    await context.store.commit(changeOf(session, { session: { status: 'ended', endedAt: 5 } }))
    const ended = await context.findSession(session)
    while (await context.store.retention.removeStep(ended, 100)) {}
    expect(await textsOf('fox')).toEqual([])
  })

  test('pages through all matches, each once', async () => {
    const session = await addSession()
    for (let count = 0; count < 7; count++) await say(session, `fox ${count}`)
    const seen = []
    let before: number | undefined
    do {
      const page = await search('fox', { limit: 3, before })
      seen.push(...page.found.map(({ text }) => text))
      before = page.before
      await say(session, 'a newer fox')
    } while (before !== undefined)
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map(count => `fox ${count}`))
  })

  test('examines a bounded number of matches at once, and says where to continue', async () => {
    await addSession({ title: 'fox first', tags: ['rare'] })
    await Promise.all(Array.from({ length: 1_005 }, (_, index) => addSession({ title: `fox ${index}` })))
    const first = await search('fox', { tags: ['rare'] })
    expect(first.found).toEqual([])
    expect(first.before).toBeDefined()
    const second = await search('fox', { tags: ['rare'], before: first.before })
    expect(second.found.map(({ text }) => text)).toEqual(['fox first'])
    expect(second.before).toBeUndefined()
  })

  test('looks for phrases in a bounded number of characters at once, and says where to continue', async () => {
    const session = await addSession({ title: 'one two three' })
    const text = `two one three ${'one three two '.repeat(4_600)}`
    for (let count = 0; count < 70; count++) await say(session, text)
    const first = await search('"one two" three')
    expect(first.found).toEqual([])
    expect(first.before).toBeDefined()
    const second = await search('"one two" three', { before: first.before })
    expect(second.found.map(({ text }) => text)).toEqual([session.title])
    expect(second.before).toBeUndefined()
  })

  test('lets other work come in between', async () => {
    const session = await addSession()
    const text = `${'x '.repeat(32_000)}y`
    for (let count = 0; count < 20; count++) await say(session, text)
    const endCounting = countRounds()
    expect((await search('"y x"')).found).toEqual([])
    const rounds = endCounting()
    expect(rounds).toBeGreaterThanOrEqual(20)
  })

  test('pages through the matches of a phrase, and of one that is the beginning of a word', async () => {
    const session = await addSession()
    for (let count = 0; count < 7; count++) await say(session, `red fox-trot ${count}`, 'fox red trot')
    const seen = []
    let before: number | undefined
    do {
      const page = await search('red fox.tro', { limit: 3, before })
      seen.push(...page.found.map(({ text }) => text))
      before = page.before
    } while (before !== undefined)
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map(count => `red fox-trot ${count}`))
  })

  test('has the words of a prompt in blocks, and of texts that a database cannot hold', async () => {
    const session = await addSession()
    await say(
      session,
      [
        { type: 'text', text: 'fox in' },
        { type: 'text', text: 'a block' },
      ],
      'fox \ud800 half \0 nul',
    )
    const texts = await textsOf('fox')
    expect(texts[1]).toBe('fox in\na block')
    expect(texts[0]).toMatch(/^fox/)
    expect(await textsOf('half')).toHaveLength(1)
  })

  test('indexes the beginning of a long text', async () => {
    const session = await addSession()
    await say(session, `early ${'x '.repeat(40_000)} late`)
    expect(await textsOf('early')).toHaveLength(1)
    expect(await textsOf('late')).toEqual([])
  })
}
