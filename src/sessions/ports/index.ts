/** What the heart asks of the outer rooms: they see this file and the records, and nothing else of it. */
export type * from './agent.ts'
export type * from './conversation-store.ts'
export type * from './forwarder.ts'
export type * from './message.ts'
export type * from './store.ts'
export type * from './workspace.ts'
