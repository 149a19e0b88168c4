/**
 * The client of claude-code-http-api, for Node, browsers, Deno and Bun.
 *
 * @module
 */

export { ClaudeCodeClient, type FollowAllOptions } from './client.ts'
export { applyEvent, applyEvents } from './conversation/apply-event.ts'
export { readMessage, type ShownMessage } from './conversation/read-message.ts'
export type {
  ActivityView,
  BlockView,
  FileView,
  MessageView,
  OpenRequest,
  OtherView,
  TextView,
  ThinkingView,
  ToolCallView,
  ToolResultView,
  TurnView,
} from './conversation/state.ts'
export { type Conversation, emptyConversation } from './conversation/state.ts'
export { isTaskTool, type ListedTask, TaskList } from './conversation/task-list.ts'
export {
  ApiError,
  ConnectionError,
  type ErrorCode,
  isApiError,
  type RetryAdvice,
  readError,
} from './errors.ts'
export type { FeedEvent, FullMessage, ReconnectedEvent, SessionEvent, StoredEvent } from './event-stream.ts'
export type { FollowOptions } from './follow.ts'
export { isTerminal } from './follow.ts'
export type * from './generated-api.ts'
export { OpenRequests } from './open-requests.ts'
export type { RequestHandlers } from './request-answering.ts'
export {
  type FollowSessionOptions,
  type SendOptions,
  SessionClient,
  type StreamOptions,
  type SubmitOptions,
} from './session-client.ts'
export { type CallOptions, type ClientOptions, newIdempotencyKey, type OperationInput } from './transport.ts'
