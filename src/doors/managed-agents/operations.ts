import type { DoorOperation } from '../../contract/doors.ts'

/** Agents and environments are presets. */
const defines = { scopes: ['admin'], reach: 'tenant' } as const
const looks = { scopes: ['sessions:read', 'sessions:write', 'admin'], reach: 'tenant' } as const
const reads = { scopes: ['sessions:read'], reach: 'session' } as const
const writes = { scopes: ['sessions:write'], reach: 'session' } as const
const open = { scopes: [], reach: 'session' } as const

const agents = '/v1/agents'
const agent = `${agents}/:agent`
const environments = '/v1/environments'
const environment = `${environments}/:environment`
const sessions = '/v1/sessions'
const session = `${sessions}/:session`

export const operations = {
  createAgent: { method: 'post', path: agents, summary: 'Create an agent', ...defines },
  listAgents: { method: 'get', path: agents, summary: 'List agents', ...looks },
  getAgent: { method: 'get', path: agent, summary: 'Get an agent, or a version of it', ...looks },
  updateAgent: { method: 'post', path: agent, summary: 'Add a version to an agent', ...defines },
  archiveAgent: { method: 'post', path: `${agent}/archive`, summary: 'Archive an agent', ...defines },
  listAgentVersions: { method: 'get', path: `${agent}/versions`, summary: 'List versions', ...looks },

  createEnvironment: { method: 'post', path: environments, summary: 'Create an environment', ...defines },
  listEnvironments: { method: 'get', path: environments, summary: 'List environments', ...looks },
  getEnvironment: { method: 'get', path: environment, summary: 'Get an environment', ...looks },
  updateEnvironment: { method: 'post', path: environment, summary: 'Change an environment', ...defines },
  deleteEnvironment: { method: 'delete', path: environment, summary: 'Delete an environment', ...defines },
  archiveEnvironment: {
    method: 'post',
    path: `${environment}/archive`,
    summary: 'Archive an environment',
    ...defines,
  },

  createSession: {
    method: 'post',
    path: sessions,
    summary: 'Create a session',
    scopes: ['sessions:write'],
    reach: 'tenant',
  },
  listSessions: { method: 'get', path: sessions, summary: 'List sessions', ...reads },
  getSession: { method: 'get', path: session, summary: 'Get a session', ...reads },
  updateSession: { method: 'post', path: session, summary: 'Change a session', ...writes },
  deleteSession: { method: 'delete', path: session, summary: 'Delete a session', ...writes },
  archiveSession: { method: 'post', path: `${session}/archive`, summary: 'Archive a session', ...writes },

  sendEvents: {
    method: 'post',
    path: `${session}/events`,
    summary: 'Send messages, answers and interrupts',
    scopes: ['sessions:write', 'permissions:answer'],
    reach: 'session',
  },
  listEvents: { method: 'get', path: `${session}/events`, summary: 'List events', ...reads },
  streamEvents: {
    method: 'get',
    path: `${session}/events/stream`,
    summary: 'Stream events as they come',
    ...reads,
  },

  listModels: { method: 'get', path: '/v1/models', summary: 'List models', ...open },
  getModel: { method: 'get', path: '/v1/models/:model', summary: 'Get a model', ...open },
} as const satisfies Record<string, DoorOperation>

export type OperationId = keyof typeof operations
