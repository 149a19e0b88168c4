import { expect, it } from 'vitest'
import { buildAgentEnvironment } from './agent-environment.ts'

const allowed = {
  PATH: '/bin',
  HOME: '/home/me',
  USER: 'me',
  LANG: 'C',
  LC_ALL: 'C',
  TZ: 'UTC',
  https_proxy: 'http://proxy',
  NO_PROXY: 'localhost',
  NODE_EXTRA_CA_CERTS: '/ca.pem',
  ANTHROPIC_API_KEY: 'sk',
  ANTHROPIC_BASE_URL: 'http://127.0.0.1',
  CLAUDE_CODE_OAUTH_TOKEN: 'token',
  CLAUDE_CODE_USE_BEDROCK: '1',
  CLAUDE_CONFIG_DIR: '/config',
  AWS_REGION: 'eu-west-1',
  AWS_SECRET_ACCESS_KEY: 'aws',
  GOOGLE_APPLICATION_CREDENTIALS: '/google.json',
  CLOUD_ML_REGION: 'eu',
  VERTEX_REGION_CLAUDE_4_0_SONNET: 'eu',
  AZURE_CLIENT_ID: 'azure',
}
const refused = {
  CLAUDE_API_KEY: 'own',
  CLAUDE_API_KEYS: 'own,other',
  CLAUDE_API_KEY_1: 'own',
  CLAUDE_CODE_API_DATA_DIR: '/data',
  CLAUDE_CODE_API_ROOTS: '/work',
  DATABASE_URL: 'postgres://secret',
  NODE_OPTIONS: '--inspect',
  CLAUDECODE: '1',
  GITHUB_TOKEN: 'secret',
  PORT: '3050',
  path: 'not the same name',
}

it('lets through what Claude Code needs, and nothing else', () => {
  expect(buildAgentEnvironment({ ...allowed, ...refused, HTTP_PROXY: undefined })).toEqual(allowed)
})

it('adds what the configuration says, which wins', () => {
  const agentEnv = { HOME: '/elsewhere', DATABASE_URL: 'postgres://meant for the agent' }
  expect(buildAgentEnvironment({ ...allowed, ...refused }, agentEnv)).toEqual({ ...allowed, ...agentEnv })
})
