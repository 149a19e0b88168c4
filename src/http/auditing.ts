import { hash } from 'node:crypto'
import type { Request, Response } from 'express'
import { ipKeyGenerator } from 'express-rate-limit'
import type { OpenEntry } from '../access/audit/open-entry.ts'
import type { AuditAction } from '../contract/audit.ts'
import { type ErrorCode, errorCatalogue } from '../contract/errors.ts'
import { getOperation, type OperationId } from '../contract/operations.ts'
import { withAuditEntry } from '../sessions/ports/audit.ts'
import type { Caller } from '../sessions/records.ts'
import type { Exchange } from './handler.ts'
import { isLoggableId } from './log-path.ts'
import type { HttpDeps } from './options.ts'
import { contextOf } from './request-context.ts'

/** Longer values of a request are cut. */
const maxValueLength = 1_000
/** Longer prompts are cut; their hash is that of the whole. */
const maxPromptLength = 64 * 1024

export interface Auditing {
  /** Calls the operation's handler; the request's entry in the audit log is stored with the change that it makes. */
  run<T>(id: OperationId, exchange: Exchange<OperationId>, req: Request, res: Response, handle: () => T): T
  /** Makes a change that is not an operation; its entry in the audit log is stored with it. */
  record<T>(
    action: AuditAction,
    caller: Caller,
    req: Request,
    res: Response,
    change: () => Promise<T>,
  ): Promise<T>
  /** Stores the entry, if it is not stored yet. To be called before the response begins. */
  finish(res: Response): Promise<void>
  /** Notes that the request is answered with an error. */
  refuse(req: Request, res: Response, code: ErrorCode): Promise<void>
}

/** Writes the audit log as the operation table says. */
export function createAuditing(
  deps: Pick<HttpDeps, 'audit' | 'ready' | 'isClosing'> & { config: { auditPrompts: boolean } },
  addressOf: (req: Request) => string,
): Auditing {
  const entries = new WeakMap<Response, OpenEntry>()
  /** Fields of requests that have passed validation: others may hold a secret in the wrong place. */
  const checkedFields = new WeakMap<Response, Record<string, unknown>>()

  /** Facts about the request, as far as they are known. */
  function factsOf(req: Request, res: Response) {
    const { requestId, identity, facts, actor, params } = contextOf(res)
    const known = actor ?? (identity.kind === 'known' ? identity.caller : undefined)
    return {
      tenantId: known?.tenantId ?? null,
      keyId: known?.keyId ?? null,
      name: known?.name ?? null,
      sessionId: facts.sessionId ?? toId(params.sessionId),
      turnId: facts.turnId ?? toId(params.turnId),
      address: addressOf(req) || null,
      requestId,
    }
  }

  /** Notes a wrong key, whatever it was meant for. The answer does not wait for the store. */
  function noteWrongKey(req: Request, res: Response, errorCode: ErrorCode): void {
    const refusal = {
      ...factsOf(req, res),
      action: 'authenticate',
      outcome: 'refused',
      errorCode,
      sessionId: null,
      turnId: null,
      address: ipKeyGenerator(addressOf(req), 64),
      details: {},
    } as const
    // A server that has not opened its store has refused the request, and has a line in its log.
    deps.ready().then(
      () => deps.audit.refuse(refusal),
      () => undefined,
    )
  }

  async function noteRefusal(
    id: OperationId,
    req: Request,
    res: Response,
    errorCode: ErrorCode,
  ): Promise<void> {
    const { audit } = getOperation(id)
    const { status } = errorCatalogue[errorCode]
    if (audit.when === 'refusal' && status !== 403) return
    const entry = entries.get(res)
    if (await entry?.whenSettled()) return
    entry?.abandon()
    const isReady = await deps.ready().then(
      () => true,
      () => false,
    )
    if (!isReady) return
    await deps.audit.refuse({
      ...factsOf(req, res),
      action: audit.action,
      outcome: status >= 500 ? 'failed' : 'refused',
      errorCode,
      details: checkedFields.get(res) ?? {},
    })
  }

  return {
    run(id, exchange, req, res, handle) {
      const { audit } = getOperation(id)
      contextOf(res).actor = exchange.caller
      if (audit.when === 'refusal') return handle()
      const fields = namedFields(id, exchange)
      checkedFields.set(res, fields)
      const entry = deps.audit.begin({
        ...factsOf(req, res),
        action: audit.action,
        outcome: 'done',
        errorCode: null,
        details: { ...fields, ...promptOf(id, exchange, deps.config.auditPrompts) },
      })
      entries.set(res, entry)
      return audit.when === 'change' ? withAuditEntry(entry, handle) : handle()
    },

    async record(action, caller, req, res, change) {
      contextOf(res).actor = caller
      const facts = { ...factsOf(req, res), action, outcome: 'done', errorCode: null, details: {} } as const
      const entry = deps.audit.begin(facts)
      const made = await withAuditEntry(entry, change)
      await deps.audit.finish(entry)
      return made
    },

    async finish(res) {
      const entry = entries.get(res)
      if (!entry || entry.isStored) return
      const { facts, operationId } = contextOf(res)
      const { sessionId, turnId } = facts
      // The answer only says where to send the prompt.
      if (operationId === 'sendMessage' && turnId === undefined) return
      entry.complete({ ...(sessionId && { sessionId }), ...(turnId && { turnId }) })
      await deps.audit.finish(entry)
    },

    async refuse(req, res, errorCode) {
      const { identity, operationId } = contextOf(res)
      // Without the store there is nothing to write to.
      if (deps.isClosing() || errorCode === 'STORE_UNAVAILABLE') return
      if (identity.kind === 'wrong_key' || identity.kind === 'delayed') noteWrongKey(req, res, errorCode)
      else if (identity.kind === 'known' && operationId !== undefined)
        await noteRefusal(operationId, req, res, errorCode)
    },
  }
}

function promptOf(id: OperationId, { body }: Exchange<OperationId>, withPrompts: boolean) {
  const { prompt: field } = getOperation(id).audit
  const prompt = field === undefined ? undefined : (body as Record<string, unknown>)[field]
  return prompt === undefined ? {} : promptDetails(prompt, withPrompts)
}

function promptDetails(prompt: unknown, isShown: boolean) {
  const text = typeof prompt === 'string' ? prompt : JSON.stringify(prompt)
  const promptSha256 = hash('sha256', text)
  if (!isShown) return { promptSha256 }
  const isCut = text.length > maxPromptLength
  return {
    promptSha256,
    prompt: isCut ? text.slice(0, maxPromptLength) : text,
    ...(isCut && { promptIsCut: true }),
  }
}

/** The fields that the operation's entry has, as far as the request has them. */
function namedFields(
  id: OperationId,
  { params, query, body }: Exchange<OperationId>,
): Record<string, unknown> {
  const values: Record<string, unknown> = { ...params, ...query, ...(body as object) }
  const { fields = [] } = getOperation(id).audit
  return Object.fromEntries(
    fields.flatMap(name =>
      values[name] === undefined || name === 'turnId' ? [] : [[name, toValue(values[name])]],
    ),
  )
}

function toValue(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, maxValueLength)
  return JSON.stringify(value).length > maxValueLength
    ? JSON.stringify(value).slice(0, maxValueLength)
    : value
}

function toId(text: string | undefined): string | null {
  return isLoggableId(text) ? text : null
}
