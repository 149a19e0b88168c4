import { describe, expect, test } from 'vitest'
import { FakeApi, preset, summary } from '../../../test/doors/managed-agents-api.ts'

test('a session that its caller may not read is ended, since it could not be returned', async () => {
  const api = new FakeApi()
  api.forbidden.add('GET /')
  const body = { agent: 'reviewer', environment_id: 'env-here' }
  const response = await api.send('createSession', { body })
  expect([response.status, await response.json()]).toMatchObject([
    403,
    { error: { type: 'permission_error' } },
  ])
  expect(api.requests.slice(-3)).toEqual(['POST /sessions', 'GET /', 'DELETE /'])
})

describe('a list with a filter', () => {
  const has = (api: FakeApi, request: string) => api.requests.filter(one => one.startsWith(request))

  test('reads long pages of sessions where few are wanted, and continues after the last one of a page', async () => {
    const api = new FakeApi()
    for (let index = 0; index < 500; index += 1) {
      const status = index % 100 === 99 ? 'ended' : 'active'
      api.sessions.push(summary(index, { ...api.session, status }))
    }
    const path = '?statuses[]=terminated&limit=2'
    const page = await api.json('listSessions', { path })
    expect(page.data).toHaveLength(2)
    expect(has(api, 'GET /sessions?').length).toBeLessThan(10)
    const next = await api.json('listSessions', { path: `${path}&page=${page.next_page}` })
    const ids = [...page.data, ...next.data].map(({ id }) => id.slice(-3))
    expect(ids).toEqual(['099', '199', '299', '399'])
  })

  test('asks the API for running sessions only', async () => {
    const api = new FakeApi()
    await api.send('listSessions', { path: '?statuses[]=running' })
    expect(has(api, 'GET /sessions?')[0]).toContain('status=active')
    expect(has(api, 'GET /sessions?')[0]).toContain('state=running')
  })

  test('leaves out a session that was removed meanwhile', async () => {
    const api = new FakeApi()
    api.sessions.push(summary(0, api.session), summary(1, api.session))
    api.forgotten.add(String(api.sessions[0]?.sessionId))
    const { data } = await api.json('listSessions')
    expect(data.map(({ id }) => id.slice(-3))).toEqual(['001'])
  })

  test('reads long pages of presets where few are agents', async () => {
    const api = new FakeApi()
    for (let index = 100; index < 250; index += 1) api.presets.push(preset(`env-${index}`))
    api.presets.push(preset('one'), preset('two'))
    const list = (path: string) => api.json('listAgents', { path })
    const page = await list('?limit=1')
    expect(has(api, 'GET /presets').length).toBeLessThan(11)
    const next = await list(`?limit=1&page=${page.next_page}`)
    expect([...page.data, ...next.data].map(({ name }) => name)).toEqual(['one', 'two'])
    expect(next.next_page).toBeNull()
  })
})
