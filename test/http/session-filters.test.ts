import { expect, test } from 'vitest'
import { endsLater, openOnce } from '../support/lifetime.ts'
import { openSessions } from '../support/open-sessions.ts'
import { openDoor, readIssuePaths } from './open-door.ts'

const shared = openOnce(async () => {
  const { sessions } = await openSessions()
  const door = await openDoor({ service: sessions })
  endsLater(() => door[Symbol.asyncDispose]())
  return door
})

test('a tag may be asked for several times, every other parameter once', async () => {
  const { post, call } = shared()
  for (const tags of [['a', 'b&c'], ['a'], []]) expect((await post('/sessions', { tags })).status).toBe(201)
  const tagsOf = async (query: string) => {
    const { sessions } = (await (await call(`/sessions?${query}`)).json()) as {
      sessions: { tags: string[] }[]
    }
    return sessions.map(({ tags }) => tags)
  }
  expect(await tagsOf('tag=a&tag=b%26c')).toEqual([['a', 'b&c']])
  expect(await tagsOf('tag=a')).toHaveLength(2)
  expect(await tagsOf('')).toHaveLength(3)
  for (const [query, field] of [
    ['cwd=%2Fa&cwd=%2Fa', 'cwd'],
    [`tag=a&tag=${'x'.repeat(51)}`, 'tag[1]'],
    ['tag=', 'tag[0]'],
    [Array.from({ length: 21 }, (_, index) => `tag=${index}`).join('&'), 'tag'],
    ['archived=yes', 'archived'],
    ['state=busy', 'state'],
    ['lastTurn=ended', 'lastTurn'],
  ]) {
    const response = await call(`/sessions?${query}`)
    expect(response.status, query).toBe(400)
    expect(await readIssuePaths(response), query).toEqual([field])
  }
})

test.each([
  ['too many', Array.from({ length: 21 }, (_, index) => `${index}`), 'tags'],
  ['one twice', ['a', 'b', 'a'], 'tags'],
  ['an empty one', [''], 'tags[0]'],
  ['a long one', ['x'.repeat(51)], 'tags[0]'],
  ['a control character', ['a', 'a\u0007b'], 'tags[1]'],
  ['a line break', ['a\nb'], 'tags[0]'],
  ['white space at the end', ['a '], 'tags[0]'],
  ['nothing to see', ['a', '\u200b\u2060\ufe0f'], 'tags[1]'],
  ['a filler alone', ['\u3164'], 'tags[0]'],
  ['no text', [1], 'tags[0]'],
])('tags with %s are refused', async (_, tags, field) => {
  const { post } = shared()
  const response = await post('/sessions', { tags })
  expect(response.status).toBe(400)
  expect(await readIssuePaths(response)).toEqual([field])
})

test.each(['\u200b', ' \u2800\u3164 ', '\u00ad\ufeff', '  '])(
  'a title or tag of %j, which nobody sees, is refused',
  async text => {
    const { post, call } = shared()
    const { sessionId } = (await (await post('/sessions', { title: 'seen' })).json()) as { sessionId: string }
    const patch = (body: object) =>
      call(`/sessions/${sessionId}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    for (const [response, field] of [
      [await post('/sessions', { title: text }), 'title'],
      [await patch({ title: text }), 'title'],
      [await patch({ tags: ['a', text] }), 'tags[1]'],
    ] as const) {
      expect(response.status).toBe(400)
      expect(await readIssuePaths(response)).toContain(field)
    }
    expect((await patch({ title: `${text}a` })).status).toBe(200)
    expect((await patch({ title: null })).status).toBe(200)
  },
)
