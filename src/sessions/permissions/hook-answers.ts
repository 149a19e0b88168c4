import type { HookAnswer, PermissionAnswer, PermissionQuestion, PermissionRecord } from '../records.ts'

/**
 * The answers of the caller's hooks to tool calls of the turn. A process that continues at such a call asks all of its
 * hooks again, with the input as the model gave it: the first answers count, and no program is asked twice.
 */
export class HookAnswers {
  readonly #byCall = new Map<string, HookAnswer[]>()

  note({ toolUseId, request }: PermissionRecord, answer: PermissionAnswer): void {
    if (toolUseId === null || request.hookIndex === undefined || request.agentId !== null) return
    this.#add(toolUseId, [{ hookIndex: request.hookIndex, answer }])
  }

  /** Takes over the answers that are stored with a request of a previous run of the server. */
  load({ toolUseId, runsWith }: PermissionRecord): void {
    if (toolUseId !== null) this.#add(toolUseId, runsWith?.hookAnswers ?? [])
  }

  find({ toolUseId, hookIndex }: PermissionQuestion): PermissionAnswer | undefined {
    if (hookIndex === undefined) return undefined
    return this.of(toolUseId).find(given => given.hookIndex === hookIndex)?.answer
  }

  of(toolUseId: string | null): readonly HookAnswer[] {
    return (toolUseId !== null && this.#byCall.get(toolUseId)) || []
  }

  clear(): void {
    this.#byCall.clear()
  }

  #add(toolUseId: string, answers: readonly HookAnswer[]): void {
    if (answers.length > 0) this.#byCall.set(toolUseId, [...this.of(toolUseId), ...answers])
  }
}
