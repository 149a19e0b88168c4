/** What the heart asks of the outer rooms: they see this file and the records, and nothing else of it. */
export type * from './ports/agent.ts'
export type * from './ports/branches.ts'
export type * from './ports/idempotency.ts'
export type * from './ports/permissions.ts'
export type * from './ports/process-ledger.ts'
export type * from './ports/store.ts'
export type * from './ports/transcript-editor.ts'
export type * from './ports/transcripts.ts'
