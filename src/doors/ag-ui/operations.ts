import type { DoorOperation } from '../../contract/doors.ts'

export const operations = {
  run: {
    method: 'post',
    path: '/',
    summary: 'Run the agent, and stream its events',
    scopes: ['sessions:write'],
    reach: 'session',
  },
  connect: {
    method: 'post',
    path: '/connect',
    summary: 'Show a thread, and stream the events of its running turn',
    scopes: ['sessions:read'],
    reach: 'session',
  },
  getCapabilities: {
    method: 'get',
    path: '/capabilities',
    summary: 'List the parts of the protocol that the agent supports',
    scopes: [],
    reach: 'session',
  },
} as const satisfies Record<string, DoorOperation>
