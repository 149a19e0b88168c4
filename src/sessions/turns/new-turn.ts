import { randomUUID } from 'node:crypto'
import type { Caller, TurnRecord } from '../records.ts'
import type { TurnRequest } from './turn-request.ts'

/** A turn that has just been accepted. */
export function newTurn(caller: Caller, sessionId: string, request: TurnRequest, now: number): TurnRecord {
  return {
    id: request.id ?? randomUUID(),
    sessionId,
    tenantId: caller.tenantId,
    createdBy: caller.keyId,
    status: 'queued',
    prompt: request.prompt,
    commands: request.commands ?? false,
    timeoutMs: request.timeoutMs,
    response: null,
    messageId: null,
    stopReason: null,
    error: null,
    usage: null,
    costUsd: null,
    modelUsage: null,
    createdAt: now,
    startedAt: null,
    endedAt: null,
    durationMs: null,
    firstSequence: null,
    lastSequence: null,
    structuredOutput: null,
    permissionDenials: null,
    notice: null,
    ending: null,
  }
}
