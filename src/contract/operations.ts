import type { z } from 'zod'
import type { Operation } from './operation.ts'
import { auditOperations } from './operations/audit.ts'
import { branchingOperations } from './operations/branching.ts'
import { callersOperations } from './operations/callers.ts'
import { conversationOperations } from './operations/conversation.ts'
import { conversationFilesOperations } from './operations/conversation-files.ts'
import { diffOperations } from './operations/diff.ts'
import { feedOperations } from './operations/feed.ts'
import { filesOperations } from './operations/files.ts'
import { keysOperations } from './operations/keys.ts'
import { messagesOperations } from './operations/messages.ts'
import { permissionsOperations } from './operations/permissions.ts'
import { presetsOperations } from './operations/presets.ts'
import { pushOperations } from './operations/push.ts'
import { searchOperations } from './operations/search.ts'
import { sessionsOperations } from './operations/sessions.ts'
import { systemOperations } from './operations/system.ts'
import { turnsOperations } from './operations/turns.ts'
import { usageOperations } from './operations/usage.ts'
import { webhooksOperations } from './operations/webhooks.ts'

/** The table of all operations; its parts are in `operations/`. */
export const operations = {
  ...sessionsOperations,
  ...presetsOperations,
  ...searchOperations,
  ...feedOperations,
  ...messagesOperations,
  ...turnsOperations,
  ...branchingOperations,
  ...permissionsOperations,
  ...conversationOperations,
  ...conversationFilesOperations,
  ...filesOperations,
  ...diffOperations,
  ...webhooksOperations,
  ...pushOperations,
  ...keysOperations,
  ...auditOperations,
  ...usageOperations,
  ...callersOperations,
  ...systemOperations,
} as const satisfies Record<string, Operation>

export type OperationId = keyof typeof operations
export const operationIds = Object.keys(operations) as OperationId[]

/** An entry of the table in its general form. */
export function getOperation(id: OperationId): Operation {
  return operations[id]
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : Record<string, never>
/** The validated input of an operation's handler. */
export interface OperationInput<Id extends OperationId> {
  params: Parsed<(typeof operations)[Id]['params']>
  query: Parsed<(typeof operations)[Id]['query']>
  headers: Parsed<(typeof operations)[Id]['headers']>
  body: Parsed<(typeof operations)[Id]['body']>
}

type SuccessOf<Id extends OperationId> = (typeof operations)[Id]['success'][number]
/** The JSON responses of an operation. */
export type OperationOutput<Id extends OperationId> =
  SuccessOf<Id> extends infer S
    ? S extends { status: infer Status; schema: infer Schema extends z.ZodType }
      ? { status: Status; body: z.input<Schema> }
      : S extends { contentType: string }
        ? never
        : S extends { status: infer Status }
          ? { status: Status; body?: undefined }
          : never
    : never
