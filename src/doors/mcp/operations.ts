import type { DoorOperation } from '../../contract/doors.ts'

/** Scopes are those of the operations that a message leads to. */
export const operations = {
  send: { method: 'post', path: '/', summary: 'Send a message of MCP', scopes: [], reach: 'session' },
  resume: {
    method: 'get',
    path: '/',
    summary: 'Resume the stream of a tool call after `Last-Event-ID`',
    scopes: [],
    reach: 'session',
  },
} as const satisfies Record<string, DoorOperation>
