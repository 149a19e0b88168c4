import type { Log } from '../lib/log.ts'
import type { ClaimStore, Fence, Orphan } from '../sessions/ports/index.ts'
import type { Membership } from './membership.ts'

/** How many orphans are looked at in one round. */
const orphansAtOnce = 1_000
/** How many claimed sessions are resumed at the same time. */
const adoptedAtOnce = 32

export interface OwnershipParts {
  claims: ClaimStore
  membership: Membership
  /** The places that this node has. */
  volumes: readonly string[]
  /** Whether the lease of this node is good. */
  mayAct(): boolean
  faults: Pick<Log, 'error'>
}

/** The session layer, which is told of sessions that come and go. */
export interface SessionKeeper {
  /** Settles what the owner before has left, and continues with it. */
  adopt(tenantId: string, sessionId: string): Promise<void>
  /** Forgets the session and ends its process, without writing anything. */
  drop(sessionId: string): void
}

/** The sessions that this node owns: only it writes to them, and only with the fence of its claim. */
export class Ownership {
  readonly #claims: ClaimStore
  readonly #membership: Membership
  readonly #volumes: ReadonlySet<string>
  readonly #faults: Pick<Log, 'error'>
  readonly #mayAct: () => boolean
  readonly #fences = new Map<string, Fence>()
  /** Claims that are not finished, by session. */
  readonly #claiming = new Map<string, Promise<boolean>>()
  /** Orphans of the round before that fell to another node. */
  #leftToOthers = new Set<string>()
  #keeper: SessionKeeper | undefined
  #isDraining = false

  constructor({ claims, membership, volumes, mayAct, faults }: OwnershipParts) {
    this.#claims = claims
    this.#membership = membership
    this.#volumes = new Set(volumes)
    this.#faults = faults
    this.#mayAct = mayAct
  }

  /** From now on sessions are claimed. */
  open(keeper: SessionKeeper): void {
    this.#keeper = keeper
    this.#membership.onLook(() => this.claimOrphans())
  }

  fenceOf(sessionId: string): Fence | undefined {
    return this.#fences.get(sessionId)
  }

  /** Whether the session is this node's, and has been resumed. */
  holds(sessionId: string): boolean {
    return this.#mayAct() && this.#fences.has(sessionId) && !this.#claiming.has(sessionId)
  }

  /** A session that this node makes; the fence is that of its first row. */
  begin(sessionId: string): Fence {
    const fence: Fence = { owner: this.#membership.id, epoch: 1 }
    this.#fences.set(sessionId, fence)
    return fence
  }

  /** A session that could not be made. */
  forget(sessionId: string): void {
    this.#fences.delete(sessionId)
  }

  /** Resolves to whether the session is this node's. Calls share one claim. */
  async claim(tenantId: string, sessionId: string): Promise<boolean> {
    if (!this.#mayAct()) return false
    const underWay = this.#claiming.get(sessionId)
    if (underWay) return underWay
    if (this.#fences.has(sessionId)) return true
    if (this.#isDraining || !this.#keeper) return false
    return this.#shared(sessionId, async () => {
      const fence = await this.#claims.claimSession(tenantId, sessionId, this.#membership.id)
      if (fence) await this.#adopt(tenantId, sessionId, fence)
      return fence !== undefined
    })
  }

  /** As `claim`; a failure is logged. */
  tryClaim(tenantId: string, sessionId: string): Promise<boolean> {
    return this.claim(tenantId, sessionId).catch(error => this.#noteFault(error, sessionId))
  }

  /** Claims sessions with something to do that have no living owner, as far as they fall to this node. */
  async claimOrphans(): Promise<void> {
    if (this.#isDraining || !this.#mayAct()) return
    const orphans = (await this.#claims.listOrphans(orphansAtOnce)).filter(orphan => this.#canHave(orphan))
    const mine = orphans.filter(orphan => this.#fallsHere(orphan))
    this.#leftToOthers = new Set(
      orphans.filter(orphan => !mine.includes(orphan)).map(({ sessionId }) => sessionId),
    )
    const fences = await this.#claims.claimOrphans(mine, this.#membership.id)
    const claimed = mine.filter(({ sessionId }) => fences.has(sessionId)).values()
    const work = async () => {
      for (const { tenantId, sessionId } of claimed) {
        const fence = fences.get(sessionId) as Fence
        await this.#shared(sessionId, async () => {
          await this.#adopt(tenantId, sessionId, fence)
          return true
        }).catch(error => this.#noteFault(error, sessionId))
      }
    }
    await Promise.all(Array.from({ length: adoptedAtOnce }, work))
  }

  /** Gives a session back, whose process has gone and of which everything is stored. */
  async release(sessionId: string): Promise<void> {
    const fence = this.#fences.get(sessionId)
    if (!fence) return
    this.#fences.delete(sessionId)
    await this.#claims.releaseSession(sessionId, fence)
  }

  /** Takes no more sessions, and gives back all except for some. */
  async drain(except: readonly string[]): Promise<void> {
    this.#isDraining = true
    await Promise.allSettled(this.#claiming.values())
    const kept = new Set(except)
    for (const sessionId of this.#fences.keys()) if (!kept.has(sessionId)) this.#fences.delete(sessionId)
    await this.#claims.releaseAll(this.#membership.id, except)
  }

  /** The session was claimed by another node. */
  lose(sessionId: string): void {
    if (!this.#fences.delete(sessionId)) return
    this.#faults.error({ sessionId }, 'a session was claimed by another node; its process is ended')
    this.#keeper?.drop(sessionId)
  }

  /** All sessions are other nodes' now, or will be. */
  loseAll(): void {
    this.#isDraining = true
    const lost = [...this.#fences.keys()]
    this.#fences.clear()
    for (const sessionId of lost) this.#keeper?.drop(sessionId)
  }

  #shared(sessionId: string, work: () => Promise<boolean>): Promise<boolean> {
    const claiming = work().finally(() => this.#claiming.delete(sessionId))
    this.#claiming.set(sessionId, claiming)
    return claiming
  }

  #noteFault(error: unknown, sessionId: string): false {
    this.#faults.error({ err: error, sessionId }, 'a claimed session could not be continued')
    return false
  }

  /** A session that cannot be resumed is given back, for another attempt. */
  async #adopt(tenantId: string, sessionId: string, fence: Fence): Promise<void> {
    this.#fences.set(sessionId, fence)
    try {
      await this.#keeper?.adopt(tenantId, sessionId)
    } catch (error) {
      this.#keeper?.drop(sessionId)
      await this.release(sessionId)
      throw error
    }
  }

  #canHave({ volume }: Orphan): boolean {
    return volume === null || this.#volumes.has(volume)
  }

  /** Orphans that another node should have taken a round ago are taken here: it may see other nodes than this one. */
  #fallsHere({ sessionId, volume }: Orphan): boolean {
    return (
      this.#membership.assign(sessionId, volume)?.id === this.#membership.id ||
      this.#leftToOthers.has(sessionId)
    )
  }
}
