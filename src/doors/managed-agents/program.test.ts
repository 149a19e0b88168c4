import { expect, test } from 'vitest'
import { FakeApi } from '../../../test/doors/managed-agents-api.ts'

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
