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
  ['no text', [1], 'tags[0]'],
])('tags with %s are refused', async (_, tags, field) => {
  const { post } = shared()
  const response = await post('/sessions', { tags })
  expect(response.status).toBe(400)
  expect(await readIssuePaths(response)).toEqual([field])
})
