import { expect, test } from 'vitest'
import { findCredentialFault, findProviderHosts, readModelAccess } from './model-access.ts'

test.each([
  [{}, 'no credentials'],
  [{ ANTHROPIC_API_KEY: '' }, 'no credentials'],
  [{ ANTHROPIC_API_KEY: 'k' }, undefined],
  [{ CLAUDE_CODE_OAUTH_TOKEN: 't' }, undefined],
  [{ ANTHROPIC_CUSTOM_HEADERS: 'Authorization: Bearer t' }, undefined],
  [{ ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'ftp://x' }, 'ANTHROPIC_BASE_URL'],
  [{ ANTHROPIC_API_KEY: 'k', CLAUDE_CODE_CLIENT_CERT: '/x' }, 'CLAUDE_CODE_CLIENT_CERT'],
  [{ ANTHROPIC_API_KEY: 'k', CLAUDE_CODE_USE_BEDROCK: '0' }, undefined],
  [{ CLAUDE_CODE_USE_BEDROCK: '1' }, 'signed inside the box'],
  [{ CLAUDE_CODE_USE_VERTEX: 'true' }, 'CLAUDE_CODE_USE_VERTEX'],
])('the fault of %j is %j', (environment, fault) => {
  const found = findCredentialFault(environment as Record<string, string>)
  if (fault === undefined) expect(found).toBeUndefined()
  else expect(found).toContain(fault)
})

test('headers of the configuration are read line by line', () => {
  const text = 'X-One: 1\n  x-two :two: parts \nbroken\nbad name: x\nx-empty:'
  const access = readModelAccess({ ANTHROPIC_CUSTOM_HEADERS: text })
  expect(access).toMatchObject({ headers: { 'x-one': '1', 'x-two': 'two: parts', 'x-empty': '' } })
})

test.each([
  [
    { CLAUDE_CODE_USE_BEDROCK: '1' },
    ['bedrock-runtime.us-east-1', 'bedrock.us-east-1', 'sts.us-east-1'],
    'amazonaws.com',
  ],
  [{ CLAUDE_CODE_USE_VERTEX: '1', CLOUD_ML_REGION: 'global' }, ['aiplatform', 'oauth2'], 'googleapis.com'],
  [
    { CLAUDE_CODE_USE_VERTEX: '1', CLOUD_ML_REGION: 'eu', VERTEX_REGION_CLAUDE_5: 'us-east5' },
    ['aiplatform.eu.rep', 'us-east5-aiplatform', 'oauth2'],
    'googleapis.com',
  ],
] as const)('the hosts of %j are found', (environment, names, domain) => {
  const hosts = findProviderHosts(environment as Record<string, string>)
  expect(hosts).toEqual(names.map(name => ({ host: `${name}.${domain}`, port: 443 })))
})

test('addresses of providers are found, and malformed ones left out', () => {
  const environment = {
    CLAUDE_CODE_USE_FOUNDRY: '1',
    ANTHROPIC_FOUNDRY_RESOURCE: 'mine',
    ANTHROPIC_BEDROCK_BASE_URL: 'http://Gateway.test:8080/x',
    ANTHROPIC_VERTEX_BASE_URL: 'nonsense',
  }
  expect(findProviderHosts(environment)).toEqual([
    { host: 'gateway.test', port: 8080 },
    { host: 'mine.services.ai.azure.com', port: 443 },
    { host: 'login.microsoftonline.com', port: 443 },
  ])
})
