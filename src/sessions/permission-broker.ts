import { randomUUID } from 'node:crypto'
import type { PermissionStatus } from '../contract/permissions.ts'
import { toPermissionRequest } from './permission-fields.ts'
import type { PermissionAnswer, PermissionQuestion, PermissionRecord } from './records.ts'
import type { OpenTurn } from './running-turn.ts'
import type { SessionWriter } from './session-writer.ts'

/** Longest delay that timers take, in milliseconds. */
const longestDelayMs = 2 ** 31 - 1

const texts = {
  expired: 'Nobody answered the permission request in time, so it is denied.',
  withdrawn: 'The permission request was withdrawn, because the turn is over.',
}

interface Open {
  record: PermissionRecord
  readonly resolve: (answer: PermissionAnswer) => void
  expiry: NodeJS.Timeout
}

export interface PermissionBrokerContext {
  owner: { tenantId: string; sessionId: string }
  writer: SessionWriter
  /** The turn that is running. */
  currentTurn(): OpenTurn | undefined
  /** How long a request waits for an answer. */
  findTimeoutMs(): Promise<number>
}

/** What a person has decided, and who it was. */
export interface Decision {
  answer: PermissionAnswer
  decidedBy: string
}

/**
 * The open permission requests of one session. Each is stored before anyone is told, waits for one answer, and
 * never stays open longer than what asked for it: while the turn has an open one it is `requires_action`.
 */
export class PermissionBroker {
  readonly #context: PermissionBrokerContext
  readonly #open = new Map<string, Open>()

  constructor(context: PermissionBrokerContext) {
    this.#context = context
  }

  /** How many wait for an answer. */
  get pending(): number {
    return this.#open.size
  }

  /**
   * Asks people, and resolves with what they say. Never rejects: a request that is not answered is denied.
   * @param signal fires when the process does not want to know any more
   */
  async ask(question: PermissionQuestion, signal: AbortSignal): Promise<PermissionAnswer> {
    const turn = this.#context.currentTurn()
    const timeoutMs = await this.#context.findTimeoutMs()
    // What asked may be over by now.
    if (signal.aborted || turn !== this.#context.currentTurn()) return deny(texts.withdrawn)
    const record = newPermission(this.#context.owner, turn, question, Date.now(), timeoutMs)
    const { promise, resolve } = Promise.withResolvers<PermissionAnswer>()
    this.#open.set(record.id, { record, resolve, expiry: this.#expire(record) })
    signal.addEventListener('abort', () => this.#close(record.id, 'withdrawn'), { once: true })
    void this.#write(record, 'permission.requested')
    return promise
  }

  /**
   * Answers a request. Resolves when the answer is stored and the process has been told.
   * @returns undefined when there is no such request that waits for an answer
   */
  async decide(permissionId: string, { answer, decidedBy }: Decision): Promise<PermissionRecord | undefined> {
    const open = this.#take(permissionId)
    if (!open) return undefined
    const status = answer.allow ? 'allowed' : 'denied'
    const decided = toDecided(open.record, status, decidedBy, answer.message)
    await this.#write(decided, 'permission.resolved')
    open.resolve(answer)
    return decided
  }

  /** Closes what is open: what asked for it is over. */
  async withdrawAll(): Promise<void> {
    await Promise.all([...this.#open.keys()].map(id => this.#close(id, 'withdrawn')))
  }

  async #close(permissionId: string, status: 'expired' | 'withdrawn'): Promise<void> {
    const open = this.#take(permissionId)
    if (!open) return
    await this.#write(toDecided(open.record, status, null, null), 'permission.resolved')
    open.resolve(deny(texts[status]))
  }

  /** Whoever takes a request decides it: there is no second one. */
  #take(permissionId: string): Open | undefined {
    const open = this.#open.get(permissionId)
    if (!open) return undefined
    clearTimeout(open.expiry)
    this.#open.delete(permissionId)
    return open
  }

  #expire({ id, expiresAt }: PermissionRecord): NodeJS.Timeout {
    const timer = setTimeout(
      () => void this.#close(id, 'expired'),
      Math.min(Math.max(0, expiresAt - Date.now()), longestDelayMs),
    )
    timer.unref()
    return timer
  }

  /** With it goes what it makes of the turn. */
  #write(record: PermissionRecord, type: 'permission.requested' | 'permission.resolved'): Promise<void> {
    const turn = this.#context.currentTurn()
    const status = this.#open.size > 0 ? 'requires_action' : 'running'
    const moves = turn && turn.record.status !== status && isAtWork(turn.record.status)
    if (moves) turn.record.status = status
    return this.#context.writer.write({
      savePermission: record,
      ...(moves && { updateTurn: { id: turn.record.id, status } }),
      events: [{ type, turnId: record.turnId, payload: { ...toPermissionRequest(record) } }],
    })
  }
}

function isAtWork(status: string): boolean {
  return status === 'running' || status === 'requires_action'
}

function deny(message: string): PermissionAnswer {
  return { allow: false, input: null, updates: [], message }
}

function toDecided(
  record: PermissionRecord,
  status: PermissionStatus,
  decidedBy: string | null,
  message: string | null,
): PermissionRecord {
  return { ...record, status, decidedAt: Date.now(), decidedBy, message }
}

function newPermission(
  owner: { tenantId: string; sessionId: string },
  turn: OpenTurn | undefined,
  { kind, toolName, toolUseId, ...request }: PermissionQuestion,
  now: number,
  timeoutMs: number,
): PermissionRecord {
  return {
    ...owner,
    id: randomUUID(),
    turnId: turn?.record.id ?? null,
    kind,
    toolName,
    toolUseId,
    request,
    status: 'pending',
    answer: null,
    requestedAt: now,
    expiresAt: now + timeoutMs,
    decidedAt: null,
    decidedBy: null,
    message: null,
  }
}
