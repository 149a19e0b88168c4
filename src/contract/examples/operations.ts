import type { z } from 'zod'
import type { OperationId, operations } from '../operations.ts'
import { auditEntries } from './audit.ts'
import * as callers from './callers.ts'
import * as conversation from './conversation.ts'
import { eventStreamText, feedText, turnStreamText } from './events.ts'
import { cwd, firstPage, ids, page, times } from './ids.ts'
import * as keys from './keys.ts'
import { pendingPermissions, permission, permissionAnswers, resolvedPermissions } from './permissions.ts'
import { presetOperations } from './presets.ts'
import * as push from './push.ts'
import * as sessions from './sessions.ts'
import * as system from './system.ts'
import * as turns from './turns.ts'
import * as webhooks from './webhooks.ts'
import * as workspace from './workspace.ts'

type Operations = typeof operations
type BodyOf<Id extends OperationId> = Operations[Id]['body'] extends infer S extends z.ZodType
  ? z.input<S>
  : never
type AnswerOf<Id extends OperationId> = Operations[Id]['success'][number] extends infer S
  ? S extends { schema: infer Schema extends z.ZodType }
    ? z.output<Schema>
    : never
  : never

/** Examples of one operation. The code samples send `query` and the first body, or `upload`. */
export interface OperationExample<Id extends OperationId = OperationId> {
  query?: Readonly<Record<string, string>>
  bodies?: Readonly<Record<string, BodyOf<Id>>>
  upload?: string
  /** The name of the file that samples write a binary response to. */
  download?: string
  /** JSON responses by status and name. */
  responses?: Readonly<Record<number, Readonly<Record<string, AnswerOf<Id>>>>>
  /** Responses that are not JSON, by status; binary ones have none. */
  texts?: Readonly<Record<number, string>>
}

const { sessionId } = ids
const pendings = Object.values(pendingPermissions)
const note = 'The discount applies once.'

/** Examples of all operations. */
export const operationExamples: { readonly [Id in OperationId]: OperationExample<Id> } = {
  createSession: {
    bodies: sessions.createSessionRequests,
    responses: {
      201: {
        created: sessions.createdSession,
        modelRequested: { ...sessions.createdSession, model: 'sonnet' },
      },
    },
  },
  listSessions: {
    query: { limit: '20' },
    responses: {
      200: {
        page: {
          sessions: [sessions.sessionSummary, sessions.forkSummary],
          total: 41,
          nextCursor: 'WzE3NzI0NDI5MDNd',
        },
      },
    },
  },
  ...presetOperations,
  search: {
    query: { q: 'checkout' },
    responses: { 200: { page: sessions.searchPage } },
  },
  getSession: { responses: { 200: { session: sessions.session, ...sessions.otherSessions } } },
  patchSession: {
    bodies: sessions.patchSessionRequests,
    responses: { 200: { session: sessions.session } },
  },
  endSession: {},
  sendMessage: {
    bodies: {
      text: { prompt: turns.prompt },
      options: {
        prompt: turns.prompt,
        timeout: 300_000,
        stream: false,
        background: true,
        onBusy: 'queue',
        commands: false,
        onDisconnect: 'continue',
      },
      blocks: { prompt: turns.promptBlocks },
    },
    responses: {
      200: { answer: turns.answer, streamPointer: turns.pointer },
      202: { accepted: turns.accepted },
    },
  },
  streamMessage: {
    bodies: {
      text: { prompt: turns.prompt, includeDeltas: true },
      options: {
        prompt: turns.prompt,
        timeout: 300_000,
        onBusy: 'reject',
        includeDeltas: true,
        view: 'compact',
        commands: false,
        onDisconnect: 'interrupt',
      },
    },
    texts: { 200: turnStreamText },
  },
  listMessages: {
    responses: {
      200: {
        page: { sessionId, messages: turns.messages, pagination: { ...page, total: 3 } },
        compact: { sessionId, messages: [turns.compactMessage], pagination: page },
      },
    },
  },
  // The stream stays open otherwise.
  followFeed: { query: { follow: 'false' }, texts: { 200: feedText } },
  // Without a turn, the stream of an active session stays open.
  followEvents: { query: { turnId: ids.turnId }, texts: { 200: eventStreamText } },
  listTurns: {
    responses: {
      200: {
        page: { sessionId, turns: [turns.turn], pagination: firstPage },
        failed: { sessionId, turns: [turns.failedTurn], pagination: page },
      },
    },
  },
  getTurn: { responses: { 200: { completed: turns.turn, failed: turns.failedTurn } } },
  retryTurn: {
    bodies: { simple: {}, options: { timeout: 600_000, background: true, onDisconnect: 'continue' } },
    responses: { 200: { answer: turns.answer }, 202: { accepted: turns.accepted } },
  },
  interruptSession: {
    bodies: { all: { clearQueue: true }, oneTurn: { turnId: ids.turnId } },
    responses: { 200: { interrupted: { interrupted: [ids.turnId], cancelled: [ids.nextTurnId] } } },
  },
  forkSession: {
    bodies: { simple: {}, full: { afterTurnId: ids.turnId, title: 'Another way' } },
    responses: { 201: { created: { ...sessions.createdSession, sessionId: ids.forkId } } },
  },
  rewindSession: {
    bodies: conversation.rewindRequests,
    responses: { 200: conversation.rewindResponses },
  },
  listAllPermissions: {
    responses: { 200: { page: { permissions: [permission], pagination: firstPage } } },
  },
  listPermissions: {
    responses: {
      200: { page: { permissions: pendings, pagination: { ...page, total: pendings.length } } },
    },
  },
  getPermission: { responses: { 200: { ...pendingPermissions, resolved: resolvedPermissions.tool } } },
  answerPermission: {
    bodies: permissionAnswers,
    responses: { 200: { resolved: resolvedPermissions.tool } },
  },
  listCommands: { responses: { 200: { commands: { sessionId, commands: conversation.commands } } } },
  listAgents: { responses: { 200: { agents: { sessionId, agents: conversation.agents } } } },
  getContext: { query: { detail: 'summary' }, responses: { 200: { context: conversation.context } } },
  compactSession: {
    bodies: conversation.compactRequests,
    responses: { 200: conversation.compactResponses },
  },
  listMcpServers: { responses: { 200: { servers: { sessionId, servers: conversation.mcpServers } } } },
  changeMcpServer: {
    bodies: { reconnect: { action: 'reconnect' } },
    responses: { 200: { connected: conversation.mcpServer } },
  },
  listTasks: {
    responses: {
      200: {
        page: { sessionId, tasks: [conversation.task, conversation.stoppedTask], pagination: page },
      },
    },
  },
  stopTask: { responses: { 200: { stopped: conversation.stoppedTask } } },
  createAttachment: {
    query: { name: 'failure.txt' },
    upload: 'Expected 90.00, got 81.00.',
    responses: { 201: { stored: conversation.attachment } },
  },
  listAttachments: {
    responses: { 200: { page: { sessionId, attachments: [conversation.attachment], pagination: page } } },
  },
  getAttachment: { texts: { 200: 'Expected 90.00, got 81.00.' } },
  deleteAttachment: {},
  getUsage: { responses: { 200: { usage: conversation.sessionUsage } } },
  getUsageReport: {
    query: { from: '2026-03-01', to: '2026-03-31', groupBy: 'day,key' },
    responses: {
      200: {
        byDayAndKey: conversation.usageReport,
        byModel: conversation.usageByModel,
        bySession: conversation.usageBySession,
      },
    },
    texts: { 200: conversation.usageCsv },
  },
  exportSession: { query: { format: 'markdown' }, texts: { 200: `# Fix the checkout test\n\n${cwd}\n` } },
  listFiles: { query: { depth: '2' }, responses: { 200: { page: workspace.files } } },
  readFile: { query: { path: 'note.txt' }, texts: { 200: note, 206: note.slice(0, 12) } },
  writeFile: {
    query: { path: 'note.txt' },
    upload: note,
    responses: { 200: { replaced: workspace.writtenFile }, 201: { created: workspace.writtenFile } },
  },
  deleteFile: { query: { path: 'note.txt' } },
  getArchive: { query: { exclude: '.git,node_modules' }, download: 'session.tar.gz' },
  getDiff: {
    query: { format: 'files' },
    responses: { 200: { git: workspace.diff, checkpoints: workspace.checkpointDiff } },
    texts: { 200: workspace.unifiedDiff },
  },
  listModels: { responses: { 200: { models: system.models } } },
  getHealth: {
    responses: {
      200: { healthy: system.healthy, degraded: system.degraded },
      503: { unhealthy: system.unhealthy },
    },
  },
  getReadiness: {
    responses: { 200: { ready: system.ready }, 503: { notReady: system.notReady } },
  },
  getMetrics: { texts: { 200: system.metricsText } },
  getOpenApi: {
    responses: {
      200: { document: { openapi: '3.1.0', info: { title: 'claude-code-api', version: '0.1.0' } } },
    },
  },
  getReference: { texts: { 200: '<!doctype html>\n<title>claude-code-api: reference</title>\n' } },
  getReferenceScript: { texts: { 200: '/* @scalar/api-reference */' }, download: 'scalar.js' },
  getDocs: { texts: { 200: '<!doctype html>\n<title>claude-code-api</title>\n' } },
  getCaller: { responses: { 200: { key: callers.keyCaller, administrator: callers.administrator } } },
  createTicket: {
    bodies: { one: { sessionId }, all: {} },
    responses: { 201: { created: callers.ticket } },
  },
  createKey: {
    bodies: keys.createKeyRequests,
    responses: { 201: { created: keys.createdKey } },
  },
  listKeys: { responses: { 200: { page: { keys: [keys.apiKey, keys.revokedKey], pagination: page } } } },
  getKey: {
    responses: { 200: { active: keys.apiKey, replaced: keys.replacedKey, revoked: keys.revokedKey } },
  },
  patchKey: {
    bodies: {
      rename: { name: 'support page of the shop' },
      change: {
        scopes: ['sessions:read'],
        limits: keys.createKeyRequests.full.limits,
        expiresAt: keys.createKeyRequests.full.expiresAt,
      },
    },
    responses: { 200: { changed: keys.apiKey } },
  },
  rotateKey: {
    bodies: { simple: {}, soon: { graceMs: 3_600_000 } },
    responses: { 200: { rotated: keys.rotatedKey } },
  },
  revokeKey: {},
  createWebhook: {
    bodies: webhooks.createWebhookRequests,
    responses: { 201: { created: { ...webhooks.webhook, lastDeliveredAt: null, secret: webhooks.secret } } },
  },
  listAudit: {
    query: { action: 'permission.answer' },
    responses: {
      200: {
        page: {
          entries: Object.values(auditEntries),
          pagination: { limit: 100, hasMore: true, nextCursor: 'WzEsNDJd' },
        },
      },
    },
  },
  listWebhooks: {
    responses: {
      200: { page: { webhooks: [webhooks.webhook, webhooks.disabledWebhook], pagination: page } },
    },
  },
  getWebhook: { responses: { 200: { enabled: webhooks.webhook, disabled: webhooks.disabledWebhook } } },
  patchWebhook: {
    bodies: {
      enable: { enabled: true },
      change: { url: 'https://hooks.example.com/other', events: ['turn.completed', 'turn.failed'] },
    },
    responses: { 200: { webhook: webhooks.webhook } },
  },
  deleteWebhook: {},
  rotateWebhookSecret: {
    bodies: { simple: {}, own: { secret: webhooks.secret } },
    responses: {
      200: {
        rotated: {
          webhookId: ids.webhookId,
          secret: webhooks.secret,
          previousSecretUntil: times.retry,
        },
      },
    },
  },
  pingWebhook: { responses: { 202: { ping: webhooks.ping } } },
  listWebhookDeliveries: {
    responses: {
      200: {
        page: {
          webhookId: ids.webhookId,
          deliveries: [webhooks.waiting, webhooks.delivered],
          pagination: { ...page, total: 2 },
        },
      },
    },
  },
  redeliverWebhook: { responses: { 202: { again: webhooks.waiting } } },
  getPushKey: { responses: { 200: { key: { publicKey: push.publicKey } } } },
  createPushSubscription: {
    bodies: push.createPushSubscriptionRequests,
    responses: {
      200: { renewed: push.subscription },
      201: { created: push.subscription, ofToken: push.subscriptionOfToken },
    },
  },
  listPushSubscriptions: {
    responses: { 200: { page: { subscriptions: [push.subscription], pagination: page } } },
  },
  deletePushSubscription: {},
  testPushSubscription: { responses: { 200: { accepted: push.accepted, gone: push.gone } } },
}
