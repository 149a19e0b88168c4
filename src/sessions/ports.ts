/** What the heart asks of the outer rooms: they see this file and the records, and nothing else of it. */
export type * from './ports/agent.ts'
export type * from './ports/conversation-store.ts'
export type * from './ports/forwarder.ts'
export type * from './ports/store.ts'
export type * from './ports/workspace.ts'
