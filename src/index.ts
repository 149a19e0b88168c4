import './app/require-node.ts'

export { type ClaudeCodeApi, createClaudeCodeApi } from './app/create-api.ts'
export { limitConnections, serverOptions } from './app/server-limits.ts'
export type { AuthConfig, AuthenticatedCaller, TokensConfig } from './config/auth-options.ts'
export type { ClusterConfig } from './config/cluster.ts'
export type { DatabaseConfig } from './config/database.ts'
export type { ClaudeCodeApiConfig, CorsConfig, TrustProxy } from './config/options.ts'
export type { AgentDefinitions } from './contract/agent-definitions.ts'
export type { Attachment, ListAttachmentsResponse } from './contract/attachments.ts'
export type {
  ForkedFrom,
  ForkSessionRequest,
  RewindSessionRequest,
  RewindSessionResponse,
  RewoundFiles,
} from './contract/branching.ts'
export type { CompactMessage } from './contract/compact-messages.ts'
export type {
  AgentDescription,
  ChangeMcpServerRequest,
  Command,
  CompactRequest,
  CompactResponse,
  ContextUsage,
  GetContextResponse,
  ListAgentsResponse,
  ListCommandsResponse,
  ListMcpServersResponse,
  ListTasksResponse,
  McpServerState,
  Task,
  TaskStatus,
} from './contract/conversation.ts'
export { type ErrorCode, errorCatalogue, type FailureReason } from './contract/errors.ts'
export type {
  DeltaEvent,
  DeltaVoided,
  EventType,
  MessageEvent,
  SessionEvents,
  StreamComplete,
  StreamConnected,
  StreamError,
  StreamGap,
} from './contract/events.ts'
export type { ExportFormat } from './contract/export.ts'
export type { FileEntry, FileType, ListFilesResponse, WrittenFile } from './contract/files.ts'
export type { McpServer, McpServers } from './contract/mcp-servers.ts'
export type {
  BackgroundAccepted,
  ListMessagesResponse,
  SendMessageRequest,
  SendMessageResponse,
  StoredMessage,
  StreamMessageRequest,
  StreamPointer,
} from './contract/messages.ts'
export type { OutputFormat } from './contract/output-format.ts'
export type {
  AnswerPermissionRequest,
  ListPermissionsResponse,
  PermissionElicitation,
  PermissionKind,
  PermissionRequest,
  PermissionStatus,
  PermissionSuggestion,
} from './contract/permissions.ts'
export type { PushMessage, PushSubscription } from './contract/push.ts'
export type { SessionSettings, SettingSource } from './contract/session-settings.ts'
export type {
  CreateSessionRequest,
  CreateSessionResponse,
  ListSessionsResponse,
  PatchSessionRequest,
  PermissionMode,
  Session,
  SessionState,
  SessionStatus,
  SessionSummary,
} from './contract/sessions.ts'
export type { ErrorResponse, HealthResponse, ListModelsResponse, ModelInfo } from './contract/system.ts'
export type {
  InterruptRequest,
  InterruptResponse,
  ListTurnsResponse,
  ModelUsage,
  Pagination,
  PermissionDenial,
  Prompt,
  PromptBlock,
  StopReason,
  Turn,
  TurnError,
  TurnStatus,
  Usage,
} from './contract/turns.ts'
export type { SessionUsage } from './contract/usage.ts'
export type { Webhook, WebhookDelivery, WebhookPayload } from './contract/webhooks.ts'
export type {
  DiffResponse,
  FileDiff,
  Workspace,
  WorkspaceFailureReason,
  WorkspaceRequest,
} from './contract/workspace.ts'
export { ConfigError } from './lib/config-error.ts'
export { StoreOpenError } from './store/store-open-error.ts'
