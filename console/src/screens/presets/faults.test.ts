import { expect, test } from 'vitest'
import { ApiError } from '../../../../src/client/index.ts'
import { findRedacted, sortFaults } from './faults.ts'

const failure = (code: ApiError['code'], details: object = {}, message = 'no') =>
  new ApiError(message, { code, status: 400, details: { ...details }, retryable: false, retry: 'never' })

test('faults stand at the field that they are about', () => {
  const issues = [
    { path: 'name', message: 'must be 1 to 63' },
    { path: 'configuration.maxTurns', message: 'Too big: expected number to be <=1000' },
    { path: 'configuration', message: 'must be at most 262144 bytes as JSON' },
  ]
  expect(sortFaults(failure('INVALID_REQUEST', { issues }))).toEqual({
    ...{ name: 'must be 1 to 63', description: undefined, other: null },
    configuration: [
      { path: 'maxTurns', message: 'at most 1000' },
      { path: '', message: 'must be at most 262144 bytes as JSON' },
    ],
  })
  const setting = { setting: 'agentEnv.TOKEN', option: 'allowedAgentEnv', allowed: [] }
  const refused = failure('SETTING_NOT_ALLOWED', setting, 'agentEnv.TOKEN: this server does not allow TOKEN')
  expect(sortFaults(refused).configuration).toEqual([
    { path: 'agentEnv.TOKEN', message: 'this server does not allow TOKEN' },
  ])
  expect(sortFaults(failure('PRESET_EXISTS')).name).toMatch(/^Another preset/)
})

test('errors of no field are shown as they are', () => {
  const other = failure('PRESET_LIMIT_REACHED', { limitName: 'presets', limit: 200 })
  const nowhere = failure('INVALID_REQUEST', { issues: [{ path: 'tenant', message: 'unknown' }] })
  for (const error of [other, nowhere, new Error('x')]) expect(sortFaults(error).other).toBe(error)
  expect(sortFaults(null).other).toBeNull()
})

test('redacted secrets are found where secrets are, and nowhere else', () => {
  const web = {
    type: 'http',
    url: 'https://example.com/?***',
    headers: { Authorization: '***', Accept: '*' },
  }
  const configuration = {
    appendSystemPrompt: '***',
    agentEnv: { TOKEN: '***', OTHER: 'new' },
    mcpServers: { web, run: { type: 'stdio', command: '***', env: { A: '***' } } },
  }
  expect(findRedacted(configuration).map(({ path }) => path)).toEqual([
    ...['agentEnv.TOKEN', 'mcpServers.web.url', 'mcpServers.web.headers.Authorization'],
    'mcpServers.run.env.A',
  ])
})
