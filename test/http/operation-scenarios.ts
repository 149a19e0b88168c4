import { expect } from 'vitest'
import { getOperation, type OperationId } from '../../src/contract/operations.ts'
import type { Store } from '../../src/sessions/ports/index.ts'
import { createClient } from '../support/client.ts'
import { openSessions, until } from '../support/open-sessions.ts'
import { key, type OpenDoor, openDoor } from './open-door.ts'

/** An operation on a session that has one finished turn, and the ways to get it wrong. */
export interface Scenario {
  /** A text such as `:turnId` stands for that id. */
  body?: unknown
  /** What the operation needs in its query. */
  query?: string
  success: number
  /** What the successful answer must look like; streams and pages are looked at elsewhere. */
  answer?: object
  /** Makes what the operation is about; the ids replace those of the session with one finished turn. */
  prepare?: (client: ReturnType<typeof createClient>) => Promise<Record<string, string>>
  /** A request that is wrong in the field named: in the body where there is one, else in the query. */
  wrong: [request: string | object, field: string]
}

/** A browser's subscription, as JSON. */
const browser = {
  endpoint: 'https://web.push.apple.com/Qx7',
  keys: {
    p256dh: 'BMnBh3-1Ry7vfXCbwoLvDXwhRYxOXvFWGPi-RcvbeccigChy0J2J9LgouEtiTzfWSPPe9qFoQ3iHuf-vINU8SQA',
    auth: '0Nl4NQCWQmKWoOoNy3Jm0g',
  },
  events: ['request'],
}

/** The compiler has it complete: an operation without a scenario does not build. */
export const scenarios: Record<OperationId, Scenario> = {
  createSession: {
    body: {},
    success: 201,
    answer: { status: 'active' },
    wrong: [{ maxTurns: 0 }, 'maxTurns'],
  },
  listSessions: { success: 200, answer: { total: 1, nextCursor: null }, wrong: ['limit=0', 'limit'] },
  createPreset: {
    body: { name: 'helper', configuration: { maxTurns: 3 } },
    success: 201,
    answer: { name: 'helper', version: 1, latestVersion: 1, configuration: { maxTurns: 3 } },
    wrong: [{ name: 'helper', configuration: { maxTurns: 0 } }, 'configuration.maxTurns'],
  },
  listPresets: {
    success: 200,
    prepare: addPreset,
    answer: { presets: [{ name: 'reviewer', version: 1 }], pagination: { total: 1 } },
    wrong: ['archived=no', 'archived'],
  },
  getPreset: {
    query: 'version=1',
    success: 200,
    prepare: addPreset,
    answer: { name: 'reviewer', archived: false, tenant: 'default' },
    wrong: ['version=0', 'version'],
  },
  patchPreset: {
    body: { archived: true },
    success: 200,
    prepare: addPreset,
    answer: { name: 'reviewer', archived: true },
    wrong: [{ archived: 'yes' }, 'archived'],
  },
  deletePreset: { success: 204, prepare: addPreset, wrong: ['a=1', 'a'] },
  createPresetVersion: {
    body: { configuration: {}, expectedVersion: 1, description: 'second' },
    success: 201,
    prepare: addPreset,
    answer: { version: 2, latestVersion: 2, description: 'second', configuration: {} },
    wrong: [{ configuration: {}, expectedVersion: 0 }, 'expectedVersion'],
  },
  listPresetVersions: {
    success: 200,
    prepare: addPreset,
    answer: { name: 'reviewer', versions: [{ version: 1 }], pagination: { total: 1 } },
    wrong: ['limit=51', 'limit'],
  },
  search: {
    query: 'q=FIR',
    success: 200,
    answer: { results: [{ field: 'answer' }, { field: 'prompt', snippet: 'first' }], nextCursor: null },
    wrong: ['q=%21', 'q'],
  },
  getSession: { success: 200, answer: { messageCount: 2 }, wrong: ['a=1', 'a'] },
  patchSession: {
    body: { title: 'new' },
    success: 200,
    answer: { title: 'new' },
    wrong: [{ title: 1 }, 'title'],
  },
  endSession: { success: 204, wrong: ['a=1', 'a'] },
  sendMessage: {
    body: { prompt: 'hi' },
    success: 200,
    answer: { response: 'You said: hi', stopReason: 'end_turn' },
    wrong: [{ prompt: ' ' }, 'prompt'],
  },
  streamMessage: { body: { prompt: 'hi' }, success: 200, wrong: [{ prompt: 'hi', timeout: -1 }, 'timeout'] },
  listMessages: { success: 200, answer: { pagination: { total: 2 } }, wrong: ['offset=-1', 'offset'] },
  followFeed: { query: 'follow=false', success: 200, wrong: ['types=x', 'types'] },
  followEvents: { success: 200, wrong: ['after=x', 'after'] },
  listTurns: { success: 200, answer: { pagination: { total: 1 } }, wrong: ['limit=abc', 'limit'] },
  retryTurn: {
    body: {},
    success: 200,
    prepare: failTurn,
    answer: { response: 'You said: once', stopReason: 'end_turn' },
    wrong: [{ timeout: -1 }, 'timeout'],
  },
  getTurn: { success: 200, answer: { status: 'completed' }, wrong: ['a=1', 'a'] },
  interruptSession: {
    body: {},
    success: 200,
    answer: { interrupted: [], cancelled: [] },
    wrong: [{ clearQueue: 'yes' }, 'clearQueue'],
  },
  forkSession: { body: {}, success: 201, answer: { status: 'active' }, wrong: [{ title: 1 }, 'title'] },
  rewindSession: {
    body: { toTurnId: ':turnId' },
    success: 200,
    answer: { dryRun: false },
    wrong: [{ toTurnId: 'x', dryRun: 1 }, 'dryRun'],
  },
  listAllPermissions: {
    success: 200,
    prepare: askForPermission,
    answer: { permissions: [{ toolName: 'Bash', status: 'pending' }], pagination: { total: 1 } },
    wrong: ['status=open', 'status'],
  },
  listPermissions: {
    success: 200,
    prepare: askForPermission,
    answer: { permissions: [{ toolName: 'Bash', status: 'pending' }], pagination: { total: 1 } },
    wrong: ['status=open', 'status'],
  },
  getPermission: {
    success: 200,
    prepare: askForPermission,
    answer: { kind: 'tool', input: { command: 'make' } },
    wrong: ['a=1', 'a'],
  },
  answerPermission: {
    body: { decision: 'deny', message: 'not now' },
    success: 200,
    prepare: askForPermission,
    answer: { status: 'denied', message: 'not now' },
    wrong: [{ decision: 'perhaps' }, 'decision'],
  },
  createAttachment: {
    body: 'a note',
    success: 201,
    answer: { type: 'document', name: 'document.txt', mediaType: 'text/plain', sizeBytes: 8 },
    wrong: ['name=a%2Fb', 'name'],
  },
  listAttachments: {
    success: 200,
    prepare: upload,
    answer: { pagination: { total: 1 } },
    wrong: ['limit=0', 'limit'],
  },
  getAttachment: { success: 200, prepare: upload, wrong: ['a=1', 'a'] },
  deleteAttachment: { success: 204, prepare: upload, wrong: ['a=1', 'a'] },
  listCommands: { success: 200, answer: { commands: [{ name: 'hello' }] }, wrong: ['a=1', 'a'] },
  listAgents: { success: 200, answer: { agents: [{ name: 'helper' }] }, wrong: ['a=1', 'a'] },
  getContext: {
    success: 200,
    answer: { maxTokens: 1000, categories: [{ id: 'messages' }] },
    wrong: ['detail=all', 'detail'],
  },
  compactSession: {
    body: {},
    success: 200,
    answer: { compacted: true, tokensBefore: 100, tokensAfter: 10, message: null },
    wrong: [{ instructions: ' ' }, 'instructions'],
  },
  listMcpServers: {
    success: 200,
    answer: { servers: [{ name: 'scripted', status: 'connected' }] },
    wrong: ['a=1', 'a'],
  },
  changeMcpServer: {
    body: { action: 'disable' },
    success: 200,
    prepare: async () => ({ server: 'scripted' }),
    answer: { name: 'scripted', status: 'disabled' },
    wrong: [{ action: 'restart' }, 'action'],
  },
  listTasks: {
    success: 200,
    prepare: startTask,
    answer: { tasks: [{ taskId: 'task-1', status: 'running' }], pagination: { total: 1 } },
    wrong: ['status=over', 'status'],
  },
  stopTask: {
    success: 200,
    prepare: startTask,
    answer: { taskId: 'task-1', status: 'stopped' },
    wrong: ['a=1', 'a'],
  },
  getUsage: {
    success: 200,
    answer: { turns: 1, costUsd: 0.01, costComplete: true, tokens: { inputTokens: 1 } },
    wrong: ['a=1', 'a'],
  },
  getUsageReport: {
    query: 'groupBy=key',
    success: 200,
    answer: { rows: [{ turns: 1, costUsd: 0.01, tokens: { inputTokens: 1 } }], nextCursor: null },
    wrong: ['groupBy=day,day', 'groupBy'],
  },
  listFiles: {
    success: 200,
    prepare: writeNote,
    answer: { path: '', entries: [{ path: 'note.txt', type: 'file', sizeBytes: 8 }], nextCursor: null },
    wrong: ['depth=11', 'depth'],
  },
  readFile: { query: 'path=note.txt', success: 200, prepare: writeNote, wrong: ['path=', 'path'] },
  writeFile: {
    query: 'path=new.txt',
    body: 'new',
    success: 201,
    answer: { path: 'new.txt', sizeBytes: 5 },
    wrong: ['path=%00', 'path'],
  },
  deleteFile: {
    query: 'path=note.txt',
    success: 204,
    prepare: writeNote,
    wrong: ['path=a&recursive=yes', 'recursive'],
  },
  getArchive: { success: 200, prepare: writeNote, wrong: ['path=a&depth=1', 'depth'] },
  exportSession: { success: 200, wrong: ['format=pdf', 'format'] },
  getDiff: { success: 200, wrong: ['format=html', 'format'] },
  createKey: {
    body: { name: 'bot', scopes: ['sessions:read'], sessionId: ':sessionId' },
    success: 201,
    answer: { name: 'bot', tenant: 'default', status: 'active', lastUsedAt: null },
    wrong: [{ name: 'bot', scopes: [] }, 'scopes'],
  },
  listKeys: {
    success: 200,
    prepare: addKey,
    answer: { keys: [{ name: 'bot' }], pagination: { total: 1 } },
    wrong: ['status=lost', 'status'],
  },
  getKey: { success: 200, prepare: addKey, answer: { status: 'active' }, wrong: ['a=1', 'a'] },
  patchKey: {
    body: { name: 'other bot' },
    success: 200,
    prepare: addKey,
    answer: { name: 'other bot' },
    wrong: [{ scopes: ['root'] }, 'scopes[0]'],
  },
  rotateKey: {
    success: 200,
    prepare: addKey,
    answer: { status: 'active' },
    wrong: [{ graceMs: -1 }, 'graceMs'],
  },
  revokeKey: { success: 204, prepare: addKey, wrong: ['a=1', 'a'] },
  createWebhook: {
    body: { url: 'https://example.com/hook?key=1', events: ['turn.completed'] },
    success: 201,
    answer: { url: 'https://example.com/hook?***', enabled: true, lastDeliveredAt: null },
    wrong: [{ url: 'https://a:b@example.com/', events: ['turn.completed'] }, 'url'],
  },
  listAudit: {
    query: 'order=oldest&limit=1',
    success: 200,
    answer: { entries: [{ outcome: 'done', count: 1 }], pagination: { limit: 1, hasMore: true } },
    wrong: ['action=none', 'action'],
  },
  listWebhooks: {
    success: 200,
    prepare: addWebhook,
    answer: { webhooks: [{ url: 'https://example.com/' }], pagination: { total: 1 } },
    wrong: ['limit=0', 'limit'],
  },
  getWebhook: { success: 200, prepare: addWebhook, answer: { enabled: true }, wrong: ['a=1', 'a'] },
  patchWebhook: {
    body: { enabled: false },
    success: 200,
    prepare: addWebhook,
    answer: { enabled: false, disabledReason: 'requested' },
    wrong: [{ events: [] }, 'events'],
  },
  deleteWebhook: { success: 204, prepare: addWebhook, wrong: ['a=1', 'a'] },
  rotateWebhookSecret: {
    body: { secret: `whsec_${'a'.repeat(32)}` },
    success: 200,
    prepare: addWebhook,
    answer: { secret: `whsec_${'a'.repeat(32)}` },
    wrong: [{ secret: 'whsec_short' }, 'secret'],
  },
  pingWebhook: {
    success: 202,
    prepare: addWebhook,
    answer: { status: 'pending', payload: { type: 'webhook.ping' } },
    wrong: ['a=1', 'a'],
  },
  listWebhookDeliveries: {
    success: 200,
    prepare: pingWebhook,
    answer: { deliveries: [{ payload: { type: 'webhook.ping' } }], pagination: { total: 1 } },
    wrong: ['status=lost', 'status'],
  },
  redeliverWebhook: {
    success: 202,
    prepare: pingWebhook,
    answer: { status: 'pending', attempts: 0 },
    wrong: ['a=1', 'a'],
  },
  getPushKey: {
    success: 200,
    answer: { publicKey: expect.stringMatching(/^B[\w-]{86}$/) },
    wrong: ['a=1', 'a'],
  },
  createPushSubscription: {
    body: browser,
    success: 201,
    answer: { service: 'web.push.apple.com', events: ['request'], includeTitle: false, expiresAt: null },
    wrong: [{ ...browser, endpoint: 'http://web.push.apple.com/a' }, 'endpoint'],
  },
  listPushSubscriptions: {
    success: 200,
    prepare: subscribe,
    answer: { subscriptions: [{ service: 'web.push.apple.com' }], pagination: { total: 1 } },
    wrong: ['limit=0', 'limit'],
  },
  deletePushSubscription: { success: 204, prepare: subscribe, wrong: ['a=1', 'a'] },
  testPushSubscription: {
    success: 200,
    prepare: subscribe,
    answer: { delivered: false, responseStatus: null, failure: { reason: 'unreachable' } },
    wrong: ['a=1', 'a'],
  },
  listModels: { success: 200, answer: { models: [] }, wrong: ['a=1', 'a'] },
  getReadiness: { success: 200, answer: { status: 'ready' }, wrong: ['a=1', 'a'] },
  getMetrics: { success: 200, wrong: ['a=1', 'a'] },
  getCaller: {
    success: 200,
    answer: { tenant: 'default', sessionId: null, administersServer: true, expiresAt: null },
    wrong: ['a=1', 'a'],
  },
  createTicket: {
    body: {},
    success: 201,
    answer: { ticket: expect.stringMatching(/^ticket_[\w-]{43}$/) },
    wrong: [{ sessionId: 1 }, 'sessionId'],
  },
  getHealth: { success: 200, answer: { status: 'healthy' }, wrong: ['a=1', 'a'] },
  getOpenApi: { success: 200, answer: { openapi: '3.1.0' }, wrong: ['a=1', 'a'] },
  getDocs: { success: 200, wrong: ['a=1', 'a'] },
  getReference: { success: 200, wrong: ['a=1', 'a'] },
  getReferenceScript: { success: 200, wrong: ['a=1', 'a'] },
}

/** A session with a file that a prompt may refer to. */
async function upload({ call, createSession }: ReturnType<typeof createClient>) {
  const sessionId = await createSession()
  const { attachmentId } = (await call('POST', `/sessions/${sessionId}/attachments`, 'a note')).body
  return { sessionId, attachmentId }
}

/** A session with a turn that waits for a person. */
async function askForPermission({ call, createSession }: ReturnType<typeof createClient>) {
  const sessionId = await createSession({ permissionPrompts: 'ask' })
  const { turnId } = (
    await call('POST', `/sessions/${sessionId}/messages`, { prompt: 'ask', background: true })
  ).body
  const path = `/sessions/${sessionId}/permissions`
  let permissionId = ''
  await until(async () => {
    permissionId = (await call('GET', path)).body.permissions[0]?.permissionId ?? ''
    return permissionId !== ''
  })
  return { sessionId, turnId, permissionId }
}

/** A session whose last turn has failed. */
async function failTurn({ call, createSession }: ReturnType<typeof createClient>) {
  const sessionId = await createSession()
  const turnPath = `/sessions/${sessionId}/messages`
  await call('POST', turnPath, { prompt: 'hang', background: true })
  const { turnId } = (await call('POST', turnPath, { prompt: 'once', background: true })).body
  await call('POST', `/sessions/${sessionId}/interrupt`, { clearQueue: true })
  return { sessionId, turnId }
}

/** A session that has a background task. */
async function startTask({ createSession, ask }: ReturnType<typeof createClient>) {
  const sessionId = await createSession()
  const { turnId } = (await ask(sessionId, 'task')).body
  return { sessionId, turnId, taskId: 'task-1' }
}

async function addKey({ call }: ReturnType<typeof createClient>) {
  const { keyId } = (await call('POST', '/keys', { name: 'bot', scopes: ['sessions:read'] })).body
  return { keyId }
}

async function addPreset({ call }: ReturnType<typeof createClient>) {
  await call('POST', '/presets', { name: 'reviewer', configuration: { maxTurns: 3 } })
  return { preset: 'reviewer' }
}

async function addWebhook({ call }: ReturnType<typeof createClient>) {
  const body = { url: 'https://example.com/', events: ['turn.completed'] }
  const { webhookId } = (await call('POST', '/webhooks', body)).body
  return { webhookId }
}

async function subscribe({ call }: ReturnType<typeof createClient>) {
  const { subscriptionId } = (await call('POST', '/push-subscriptions', browser)).body
  return { subscriptionId }
}

/** A webhook with a delivery. */
async function pingWebhook(client: ReturnType<typeof createClient>) {
  const { webhookId } = await addWebhook(client)
  const { deliveryId } = (await client.call('POST', `/webhooks/${webhookId}/ping`)).body
  return { webhookId, deliveryId }
}

/** A session in whose directory there is a file. */
async function writeNote({ call, createSession }: ReturnType<typeof createClient>) {
  const sessionId = await createSession()
  await call('PUT', `/sessions/${sessionId}/files/content?path=note.txt`, 'a note')
  return { sessionId }
}

/** A door above a session with one finished turn, and what the scenario needs beside it. */
export async function openScenario({
  prepare,
}: Pick<Scenario, 'prepare'> = {}): Promise<
  { door: OpenDoor; ids: Record<string, string>; store: Store } & AsyncDisposable
> {
  const { sessions, store } = await openSessions()
  const door = await openDoor({ service: sessions, store })
  const client = createClient(door.url, key)
  const sessionId = await client.createSession()
  const turnId = (await client.ask(sessionId, 'first')).body.turnId
  const ids = { sessionId, turnId, ...(await prepare?.(client)) }
  return { door, ids, store, [Symbol.asyncDispose]: () => door[Symbol.asyncDispose]() }
}

/** Sends the operation's request, with the ids put in. */
export function request(
  door: OpenDoor,
  id: OperationId,
  ids: Record<string, string>,
  given: { query?: string; body?: unknown },
) {
  const { method, path } = getOperation(id)
  // The stream of a session's events ends with the turn that is named.
  const query = [given.query, id === 'followEvents' && !given.query && `turnId=${ids.turnId}`]
    .filter(Boolean)
    .join('&')
  const filled = path.replace(/:(\w+)/g, (_, name) => ids[name] ?? '')
  return door.call(query ? `${filled}?${query}` : filled, {
    method: method.toUpperCase(),
    ...(given.body !== undefined && {
      body: JSON.stringify(given.body).replace(/":(\w+)"/g, (_, name) => JSON.stringify(ids[name] ?? '')),
      headers: { 'content-type': 'application/json' },
    }),
  })
}
