import type { DoorOperation } from '../../contract/doors.ts'

export const operations = {
  sendMessages: {
    method: 'post',
    path: '/chat',
    summary: 'Send a message of a chat, or the answers to its requests, and stream the answer',
    scopes: ['sessions:write'],
    reach: 'session',
  },
  resumeStream: {
    method: 'get',
    path: '/chat/:id/stream',
    summary: "Stream the chat's running turn from its start; 204: there is none",
    scopes: ['sessions:read'],
    reach: 'session',
  },
  stopChat: {
    method: 'post',
    path: '/chat/:id/stop',
    summary: "Interrupt the chat's running turn, and cancel the waiting ones",
    scopes: ['sessions:write'],
    reach: 'session',
  },
} as const satisfies Record<string, DoorOperation>
