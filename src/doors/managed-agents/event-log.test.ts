import { describe, expect, test } from 'vitest'
import { FakeApi } from '../../../test/doors/managed-agents-api.ts'

const names = (count: number) => Array.from({ length: count }, (_, index) => `turn-${index}`)
const started = (api: FakeApi, request: string) => api.requests.filter(one => one.startsWith(request))

async function listAll(api: FakeApi, path: string) {
  const pages = []
  let page: string | null = ''
  do {
    const token = page === '' ? '' : `&page=${page}`
    const answer = await api.json('listEvents', { path: `?${path}${token}` })
    pages.push(answer.data)
    page = answer.next_page
  } while (page !== null)
  return pages
}

/** A turn that runs and one that was accepted while the turn before it ran. */
function chain(api: FakeApi): void {
  api.queue('first')
  api.start('first')
  api.say('one', 'first', 'msg_same')
  api.queue('second')
  api.say('two', 'first', 'msg_same')
  api.end('first')
  api.start('second')
  api.say('three', 'second')
}

describe('the list of events', () => {
  test('is the same in pages of any size, from both ends', async () => {
    const api = new FakeApi()
    api.run(...names(3))
    chain(api)
    api.ask('second', 'toolu_1')
    api.end('second')
    api.queue('third', 'fourth')
    const whole = (await listAll(api, 'limit=1000')).flat()
    expect(whole.slice(-2)).toMatchObject([{ processed_at: null }, { processed_at: null }])
    expect(new Set(whole.map(({ id }) => id)).size).toBe(whole.length)
    for (const limit of [1, 2, 3, 7]) {
      const pages = await listAll(api, `limit=${limit}`)
      expect(pages.flat()).toEqual(whole)
      expect((await listAll(api, `limit=${limit}&order=desc`)).flat()).toEqual(whole.toReversed())
    }
    expect((await listAll(api, 'limit=2&types[]=session.usage&order=desc')).flat()).toHaveLength(5)
    expect(started(api, 'GET /turns').length).toBeGreaterThan(0)
  })

  test('is read from its end where the newest events come first, with the right sums', async () => {
    const api = new FakeApi()
    api.run(...names(400))
    const whole = (await listAll(api, 'limit=1000')).flat()
    expect(started(api, 'GET /turns')).toEqual([])
    api.requests.length = 0
    const pages = []
    let page = ''
    for (let count = 0; count < 3; count += 1) {
      const answer = await api.json('listEvents', { path: `?order=desc&limit=100${page}` })
      pages.push(...answer.data)
      page = `&page=${answer.next_page}`
    }
    expect(pages).toEqual(whole.toReversed().slice(0, 300))
    const places = started(api, 'GET /events').map(request => Number(/after=(\d+)/.exec(request)?.[1]))
    expect(Math.min(...places)).toBeGreaterThan(api.log.length - 1_000)
    expect(started(api, 'GET /turns').length).toBeLessThan(10)
  })

  test('has the messages that wait at its end', async () => {
    const api = new FakeApi()
    chain(api)
    api.queue('third')
    const [data = []] = await listAll(api, '')
    expect(data.at(-1)).toMatchObject({ type: 'user.message', content: [{ text: 'Prompt of third' }] })
    expect(started(api, 'GET /turns')).toEqual(['GET /turns/third'])
  })
})

describe('a stream', () => {
  test('that is opened in a chain of turns has the same events as the list', async () => {
    const api = new FakeApi()
    api.run(...names(100))
    chain(api)
    const seen = await api.stream('agent.message')
    expect(seen.map(({ type }) => type)).toEqual(['user.message', 'agent.message'])
    expect((await listAll(api, 'limit=1000')).flat().slice(-2)).toEqual(seen)
  })

  test('that is to continue after an event that is not there begins now', async () => {
    const api = new FakeApi()
    api.run(...names(2))
    api.onCaughtUp = () => api.run('next')
    const seen = await api.stream('session.status_idle', { 'last-event-id': '999999_0' })
    expect(seen[0]).toMatchObject({ type: 'session.status_running' })
    expect(seen.find(({ type }) => type === 'agent.message')).toMatchObject({
      content: [{ text: 'Answer of next' }],
    })
  })

  test('has the sums of all turns, and does not read all of them', async () => {
    const api = new FakeApi()
    api.run(...names(200))
    chain(api)
    api.onCaughtUp = () => api.end('second')
    const streamed = await api.stream('session.status_idle')
    api.onCaughtUp = () => {}
    const list = (await listAll(api, 'limit=1000')).flat()
    expect(streamed).toEqual(list.slice(-streamed.length))
    expect(started(api, 'GET /turns?').length).toBeLessThan(4)
  })
})

test('a turn that waits for the client and is interrupted by another is followed by a running session', async () => {
  const api = new FakeApi()
  api.queue('first')
  api.start('first')
  api.ask('first', 'toolu_1')
  api.queue('second')
  api.withdraw('toolu_1', 'first')
  api.end('first', 'turn.interrupted')
  api.start('second')
  const [data = []] = await listAll(api, '')
  expect(data.map(({ type }) => type)).toEqual([
    'session.status_running',
    'user.message',
    'agent.custom_tool_use',
    'session.status_idle',
    'user.interrupt',
    'session.usage',
    'session.status_running',
    'user.message',
  ])
})

test('a session, an interrupt and an answer do not read the turns', async () => {
  const api = new FakeApi()
  api.run(...names(3))
  expect((await api.json('getSession')).usage).toMatchObject({ output_tokens: 6, list_cost: { amount: '3' } })
  api.queue('open')
  api.start('open')
  api.ask('open', 'toolu_1')
  const result = { type: 'user.custom_tool_result', custom_tool_use_id: 'sevt_toolu_1' }
  const redirect = [
    { type: 'user.interrupt' },
    { type: 'user.message', content: [{ type: 'text', text: 'x' }] },
  ]
  const sent = await api.json('sendEvents', { body: { events: [result, { type: 'user.interrupt' }] } })
  expect(sent.data.map(({ id }) => id)).toEqual(['sevt_fortoolu_1', 'sevt_open_interrupt'])
  const again = await api.json('sendEvents', { body: { events: redirect } })
  expect(again.data.map(({ id }) => id)).toEqual(['sevt_open_interrupt', 'sevt_new'])
  expect(api.requests.filter(request => /turns|events/.test(request))).toEqual([])
})
