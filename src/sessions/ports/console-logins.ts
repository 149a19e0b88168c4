import type { Scope } from '../../contract/scopes.ts'
import type { RevisedStore } from './revisions.ts'

/** A token by which a caller logged in, as it cannot be looked up later. */
export interface RememberedToken {
  name: string | null
  /** Milliseconds since 1970. */
  expiresAt: number
  /** SHA-256 of the configuration that accepted it. */
  provider: string
}

/** A login of the console. */
export interface ConsoleLoginRecord {
  /** SHA-256 of the secret in the cookie, hexadecimal. */
  id: string
  tenantId: string
  /** Id of the key, or subject of the token. */
  createdBy: string
  /** SHA-256 of the key or token, hexadecimal. */
  credentialHash: string
  /** Those at the login. */
  scopes: readonly Scope[]
  /** null: a key. */
  token: RememberedToken | null
  /** The origin of the page on which the caller logged in. */
  origin: string
  createdAt: number
  lastUsedAt: number
}

/** Logins of the console. */
export interface ConsoleLoginStore extends RevisedStore {
  /** The name of this store among others on the same host; made at the first call. */
  loadInstance(): Promise<string>
  /** Least recently used first. */
  loadLogins(): Promise<ConsoleLoginRecord[]>
  /** Stores a new login, and removes those that it replaces. @returns the new revision */
  addLogin(login: ConsoleLoginRecord, replaced: readonly string[]): Promise<number>
  /** The last use never becomes earlier. */
  noteLoginUse(id: string, at: number): Promise<void>
  /** Removes a login because its caller logged out. @returns the new revision */
  endLogin(login: Pick<ConsoleLoginRecord, 'id' | 'tenantId'>): Promise<number>
  /** Removes logins that are over. @returns the new revision */
  removeLogins(ids: readonly string[]): Promise<number>
  /** Removes logins that were made, or last used, before these times. */
  removeOldLogins(createdBefore: number, usedBefore: number): Promise<void>
}
