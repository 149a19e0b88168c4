/** Ids and times of the examples: one story about one session, so that the examples fit together. */
export const ids = {
  sessionId: '3f1c9a52-6c1e-4b7a-9d2f-5e8a0c4b7d11',
  forkId: '5b8e2d17-90fa-4c36-b1d4-7c2f6e9a3b08',
  claudeSessionId: '0c6d4e8a-2f31-4d95-8b7c-1a9e5f3d2c60',
  turnId: '8d2e4f60-1b3a-4c5d-8e7f-9a0b1c2d3e4f',
  nextTurnId: 'a4c7e1b9-53d8-4f02-9b6e-0d1f2a3c4b5e',
  permissionId: 'c1f0b7d3-4e29-4a68-8f5c-6b3d9e2a7f10',
  attachmentId: 'e7a35c18-d0b4-4926-a3f1-58c6d9b2e704',
  messageId: 'b92d6f04-7c1e-4835-9a0f-e3d5c7b1a296',
  promptId: '1e5a8c3d-0f72-4b96-8d4e-c9b7a2f6e013',
  keyId: '4c0v9q2m7x1d',
  configuredKeyId: '1f9d2c7b',
  webhookId: '9c4b7e15-2a60-4d8f-b3c7-1e5d0a9f6b32',
  deliveryId: '2e7d9b04-c5f1-4a83-9e60-b8d3f1a7c529',
  subscriptionId: '7a1d5c39-e8f2-4b06-9c4d-d2b7f0e3a581',
  requestId: '6f0d2b94-e8c5-4a17-b3f2-9d7c1e5a8046',
  taskId: 'b3f9c2e1a',
  toolUseId: 'toolu_01A9b8C7d6E5f4G3h2J1k0Lm',
  apiMessageId: 'msg_01XyZ9aB8cD7eF6gH5jK4lMn',
} as const

const day = '2026-03-02T'
export const times = {
  created: `${day}09:14:07.000Z`,
  asked: `${day}09:14:21.250Z`,
  started: `${day}09:14:21.256Z`,
  permission: `${day}09:14:24.810Z`,
  decided: `${day}09:14:52.405Z`,
  ended: `${day}09:15:03.912Z`,
  expires: `${day}10:15:03.912Z`,
  permissionExpires: `${day}10:14:24.810Z`,
  retry: `${day}09:16:00.000Z`,
} as const

export const model = 'claude-sonnet-4-5'
export const cwd = '/srv/projects/shop'
export const page = { limit: 100, offset: 0, total: 1, hasMore: false, nextCursor: null } as const
/** A page with others after it. */
export const firstPage = {
  limit: 1,
  offset: 0,
  total: 2,
  hasMore: true,
  nextCursor: 'WzEsNDJd',
} as const
