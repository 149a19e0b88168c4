/** The interfaces that the session layer needs. Layers that implement them import only this file and the records. */
export type * from './agent.ts'
export type * from './conversation-store.ts'
export type * from './forwarder.ts'
export type * from './message.ts'
export type * from './retention-store.ts'
export type * from './store.ts'
export type * from './webhooks.ts'
export type * from './workspace.ts'
