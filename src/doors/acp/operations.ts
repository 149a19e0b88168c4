import type { DoorOperation } from '../../contract/doors.ts'

/** A caller that may only read can list and load sessions; the API itself checks each call that follows. */
const scopes = ['sessions:read', 'sessions:write'] as const

/** The Streamable HTTP and WebSocket transports of the Agent Client Protocol: one path, three methods. */
export const operations = {
  send: {
    method: 'post',
    path: '/',
    summary: 'Send a JSON-RPC message; `initialize` opens a connection',
    scopes,
    reach: 'session',
  },
  receive: {
    method: 'get',
    path: '/',
    summary: 'Receive the messages of a connection, or those of one of its sessions; or open a WebSocket',
    scopes,
    reach: 'session',
  },
  close: {
    method: 'delete',
    path: '/',
    summary: 'Close a connection',
    scopes,
    reach: 'session',
  },
} as const satisfies Record<string, DoorOperation>
