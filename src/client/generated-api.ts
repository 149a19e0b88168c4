// Generated from the operation table by `npm run client`. Do not edit.

/** An activity of Claude Code, or its end */
export type Activity = {
  kind: 'model'
  /** The place of the activity: `main` for the main conversation, else the id of the tool call or of the task. An activity replaces the one with the same `id` */
  id: string
  /** When it began */
  since: string
} | {
  kind: 'thinking'
  /** The place of the activity: `main` for the main conversation, else the id of the tool call or of the task. An activity replaces the one with the same `id` */
  id: string
  /** When it began */
  since: string
  /** An estimate of the tokens of thinking so far */
  tokens: number
} | {
  kind: 'retry'
  /** The place of the activity: `main` for the main conversation, else the id of the tool call or of the task. An activity replaces the one with the same `id` */
  id: string
  /** When it began */
  since: string
  /** The number of the coming attempt, from 1 */
  attempt: number
  /** The number of attempts after which Claude Code gives up */
  maxAttempts: number
  /** Milliseconds from the failure to the attempt */
  delayMs: number
  /** The time of the attempt */
  retryAt: string
  /** The HTTP status of the model's API; null: there was no response */
  httpStatus: number | null
  /** Claude Code's word for the error, such as `rate_limit`, `overloaded` or `server_error` */
  reason: string
} | {
  kind: 'compacting'
  /** The place of the activity: `main` for the main conversation, else the id of the tool call or of the task. An activity replaces the one with the same `id` */
  id: string
  /** When it began */
  since: string
} | {
  kind: 'tool'
  /** The place of the activity: `main` for the main conversation, else the id of the tool call or of the task. An activity replaces the one with the same `id` */
  id: string
  /** When it began */
  since: string
  /** Name of the tool */
  toolName: string
  /** The tool call that started the subagent which uses the tool; null: the main conversation */
  parentToolUseId: string | null
  /** The subagent of this call waits to ask the model's API again; null: no */
  retry: {
    /** The number of the coming attempt, from 1 */
    attempt: number
    /** The number of attempts after which Claude Code gives up */
    maxAttempts: number
    /** Milliseconds from the failure to the attempt */
    delayMs: number
    /** The time of the attempt */
    retryAt: string
    /** The HTTP status of the model's API; null: there was no response */
    httpStatus: number | null
    /** Claude Code's word for the error, such as `rate_limit`, `overloaded` or `server_error` */
    reason: string
  } | null
} | {
  kind: 'subagent'
  /** The place of the activity: `main` for the main conversation, else the id of the tool call or of the task. An activity replaces the one with the same `id` */
  id: string
  /** When it began */
  since: string
  /** The tool call that started it; null: none */
  toolUseId: string | null
  /** Cut to 300 characters */
  description: string
  /** The tool that it used last; null: none yet */
  toolName: string | null
  /** The number of its tool calls so far */
  toolUses: number
  /** The tokens that it has used so far */
  tokens: number
  /** Its state in a sentence; null: it gives none */
  summary: string | null
  /** Name of the agent; null: unknown */
  agent: string | null
} | {
  kind: 'task'
  /** The place of the activity: `main` for the main conversation, else the id of the tool call or of the task. An activity replaces the one with the same `id` */
  id: string
  /** When it began */
  since: string
  /** The tool call that started it; null: none */
  toolUseId: string | null
  /** Cut to 300 characters */
  description: string
  /** The tool that it used last; null: none yet */
  toolName: string | null
  /** The number of its tool calls so far */
  toolUses: number
  /** The tokens that it has used so far */
  tokens: number
  /** Its state in a sentence; null: it gives none */
  summary: string | null
} | {
  kind: 'done'
  /** The place of the activity: `main` for the main conversation, else the id of the tool call or of the task. An activity replaces the one with the same `id` */
  id: string
}

/** What Claude Code does at the moment. An activity lasts until one with the same `id` replaces it, or `done` ends it. Frequent reports of one activity are merged. A reader that joins later first gets the current activities */
export type ActivityEvent = {
  /** The turn at work; null: background work of earlier turns, or autonomous work */
  turnId: string | null
  activity: Activity
}

/** A subagent (SDK option `agents`) */
export type AgentDefinition = {
  /** When Claude should use the subagent */
  description: string
  /** The subagent's system prompt */
  prompt: string
  /** The subagent's tools; absent: the session's tools */
  tools?: Array<string> | undefined
  /** Tools or rules that are denied to the subagent */
  disallowedTools?: Array<string> | undefined
  /** Model id, alias, or `inherit` */
  model?: string | undefined
  effort?: Effort | undefined
  permissionMode?: PermissionMode | undefined
  /** Skills that the subagent starts with */
  skills?: Array<string> | undefined
  /** Names of the session's `mcpServers` */
  mcpServers?: Array<string> | undefined
  /** Agentic turns that the subagent may take; absent: unlimited */
  maxTurns?: number | undefined
  /** Whether the subagent always runs in the background */
  background?: boolean | undefined
}

/** A subagent that Claude can start */
export type AgentDescription = {
  /** Name of the subagent */
  name: string
  /** When Claude uses the subagent */
  description: string
  /** `inherit`: the session's model; null: Claude Code's default */
  model: string | null
}

export type AnswerPermissionRequest = {
  /** The decision; required for all kinds but `client_tool` and `hook` */
  decision?: 'allow' | 'deny' | undefined
  /** For kind `client_tool`: the result for Claude, as text or as blocks */
  result?: string | Array<{
    type: 'text'
    /** The text */
    text: string
  } | {
    type: 'image'
    /** The image in Base64 */
    data: string
    /** The media type of the image */
    mimeType: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'
  }> | undefined
  output?: HookOutput | undefined
  /** For kinds `client_tool` and `hook`: the reason of a failure. A tool call fails with this text; a hook fails as its `onFailure` says */
  error?: string | undefined
  /** Input for the tool to run with instead; with `allow` for kind `tool` */
  updatedInput?: Record<string, unknown> | undefined
  /** A note to Claude; with `deny`, the reason or feedback. Not for kind `elicitation` */
  message?: string | undefined
  /** `session`: the allowed call may run again in this session without asking; `suggestions`: apply these suggestions, which can be broader (more commands, a directory, a permission mode). With `allow` for kind `tool` */
  remember?: 'session' | {
    /** Indexes of the request's `suggestions` */
    suggestions: Array<number>
  } | undefined
  /** Also interrupt the turn; with `deny` */
  interrupt?: boolean | undefined
  /** For kind `question` with `allow`: for the text of each question, the chosen label, several labels (`multiSelect`), or the person's own words */
  answers?: Record<string, string | Array<string>> | undefined
  /** For kind `plan` with `allow`: the permission mode to continue in; default `default` */
  permissionMode?: PermissionMode | undefined
  /** For kind `elicitation` with `allow`: the completed form */
  content?: Record<string, string | number | boolean | Array<string>> | undefined
}

export type ApiKey = {
  /** The part of the key that is public: `createdBy` and logs have it */
  keyId: string
  /** The beginning of the key, to recognize it by */
  prefix: string
  /** A name for people, as the audit log shows it */
  name: string
  /** The tenant that the key belongs to */
  tenant: string
  /** What the key allows */
  scopes: Array<'sessions:read' | 'sessions:write' | 'permissions:answer' | 'workspace:read' | 'workspace:write' | 'usage:read' | 'admin'>
  /** The only session that it opens; null: all of the tenant */
  sessionId: string | null
  /** The limits of this key; those of its tenant apply as well */
  limits: CallerLimits
  /** `expired`: `expiresAt` has come; `revoked`: it was deleted */
  status: 'active' | 'expired' | 'revoked'
  /** ISO 8601, UTC, milliseconds */
  createdAt: string
  /** The id of the API key that created it */
  createdBy: string
  /** When it stops being valid; null: never */
  expiresAt: string | null
  /** When it was revoked; null: it was not */
  revokedAt: string | null
  /** When it was last used, to about a minute; null: never */
  lastUsedAt: string | null
  /** Until when the key that was replaced last stays valid; null: it is not valid */
  previousValidUntil: string | null
}

/** A file of a session that prompts can refer to: an image (at most 5242880 bytes), a PDF (20971520) or a text in UTF-8 (5242880) */
export type Attachment = {
  /** Id of the attachment */
  attachmentId: string
  /** Id of the session */
  sessionId: string
  /** The type of content block to use it in */
  type: 'image' | 'document'
  /** File name */
  name: string
  /** The type of the actual content, regardless of the declared type */
  mediaType: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp' | 'application/pdf' | 'text/plain'
  /** Size of the content in bytes */
  sizeBytes: number
  /** SHA-256 of the content, in hexadecimal */
  sha256: string
  /** ISO 8601, UTC, milliseconds */
  createdAt: string
  /** The id of the API key that created it */
  createdBy: string
}

/** An uploaded attachment; its content is inserted when Claude gets the prompt */
export type AttachmentSource = {
  type: 'attachment'
  /** Id of the attachment */
  attachmentId: string
}

export type AuditEntry = {
  /** Id of the entry; ids grow with time */
  auditId: string
  /** ISO 8601, UTC, milliseconds */
  at: string
  /** The tenant that was acted in; null: none, as for wrong keys */
  tenant: string | null
  /** Id of the key, or subject of the token; null: none */
  keyId: string | null
  /** Name of the key or of the person; null: none */
  name: string | null
  /** What was asked for. `authenticate`: a key that is not valid; `other`: refusals that are only counted, because there were too many different ones within a minute */
  action: 'session.create' | 'session.list' | 'session.search' | 'session.read' | 'session.update' | 'session.end' | 'session.fork' | 'session.rewind' | 'session.compact' | 'session.export' | 'preset.create' | 'preset.read' | 'preset.update' | 'preset.version' | 'preset.delete' | 'prompt.send' | 'turn.read' | 'turn.retry' | 'turn.interrupt' | 'conversation.read' | 'permission.read' | 'permission.answer' | 'mcp.read' | 'mcp.change' | 'task.read' | 'task.stop' | 'attachment.create' | 'attachment.read' | 'attachment.list' | 'attachment.delete' | 'file.list' | 'file.read' | 'file.write' | 'file.delete' | 'file.archive' | 'file.diff' | 'webhook.create' | 'webhook.read' | 'webhook.update' | 'webhook.delete' | 'webhook.rotate' | 'webhook.ping' | 'webhook.redeliver' | 'push.subscribe' | 'push.read' | 'push.unsubscribe' | 'push.test' | 'key.create' | 'key.read' | 'key.update' | 'key.rotate' | 'key.revoke' | 'ticket.create' | 'console.login' | 'console.logout' | 'usage.read' | 'audit.read' | 'metrics.read' | 'server.read' | 'authenticate' | 'other'
  /** `done`: the server did it, or accepted it (a prompt becomes a turn, which can still fail); `refused`: an error with a status below 500; `failed`: a fault of the server */
  outcome: 'done' | 'refused' | 'failed'
  /** The error that was answered; null: done */
  errorCode: 'INVALID_REQUEST' | 'MISSING_API_KEY' | 'BUDGET_EXCEEDED' | 'SPEND_LIMIT_REACHED' | 'INVALID_API_KEY' | 'SCOPE_REQUIRED' | 'TENANT_NOT_ALLOWED' | 'GRANT_NOT_ALLOWED' | 'CWD_NOT_ALLOWED' | 'PERMISSION_MODE_NOT_ALLOWED' | 'SETTING_NOT_ALLOWED' | 'PATH_NOT_ALLOWED' | 'WORKSPACE_NOT_ALLOWED' | 'ORIGIN_NOT_ALLOWED' | 'KEY_REQUIRED' | 'CSRF_TOKEN_INVALID' | 'NOT_FOUND' | 'SESSION_NOT_FOUND' | 'TURN_NOT_FOUND' | 'PERMISSION_REQUEST_NOT_FOUND' | 'ATTACHMENT_NOT_FOUND' | 'FILE_NOT_FOUND' | 'MCP_SERVER_NOT_FOUND' | 'TASK_NOT_FOUND' | 'KEY_NOT_FOUND' | 'WEBHOOK_NOT_FOUND' | 'WEBHOOK_DELIVERY_NOT_FOUND' | 'PUSH_SUBSCRIPTION_NOT_FOUND' | 'PRESET_NOT_FOUND' | 'METHOD_NOT_ALLOWED' | 'REQUEST_TIMEOUT' | 'SESSION_BUSY' | 'IDEMPOTENCY_IN_FLIGHT' | 'TURN_NOT_IN_CONVERSATION' | 'TURN_NOT_RETRYABLE' | 'TRANSCRIPT_INCOMPLETE' | 'PERMISSION_ALREADY_RESOLVED' | 'ATTACHMENT_IN_USE' | 'KEY_REVOKED' | 'KEY_LIMIT_REACHED' | 'LAST_ADMINISTRATOR' | 'WEBHOOK_DISABLED' | 'WEBHOOK_LIMIT_REACHED' | 'PUSH_SUBSCRIPTION_LIMIT_REACHED' | 'SESSION_ID_TAKEN' | 'PRESET_EXISTS' | 'PRESET_ARCHIVED' | 'PRESET_VERSION_CONFLICT' | 'PRESET_SECRETS_UNREADABLE' | 'PRESET_LIMIT_REACHED' | 'SESSION_EXPIRED' | 'SESSION_ENDED' | 'PRECONDITION_FAILED' | 'PAYLOAD_TOO_LARGE' | 'ATTACHMENT_LIMIT_REACHED' | 'UNSUPPORTED_MEDIA_TYPE' | 'BODY_ALREADY_READ' | 'RANGE_NOT_SATISFIABLE' | 'HOST_NOT_ALLOWED' | 'IDEMPOTENCY_KEY_REUSED' | 'WORKSPACE_FAILED' | 'MAX_SESSIONS_REACHED' | 'TURN_QUEUE_FULL' | 'RATE_LIMIT_EXCEEDED' | 'MODEL_RATE_LIMITED' | 'CALLER_LIMIT_REACHED' | 'SESSION_CREATE_FAILED' | 'LIST_SESSIONS_FAILED' | 'GET_SESSION_FAILED' | 'END_SESSION_FAILED' | 'MESSAGE_SEND_FAILED' | 'GET_MESSAGES_FAILED' | 'SSE_SETUP_FAILED' | 'INTERNAL' | 'AGENT_UNAVAILABLE' | 'MODEL_OVERLOADED' | 'SERVER_LIMIT_REACHED' | 'STORE_UNAVAILABLE' | 'IDENTITY_PROVIDER_UNAVAILABLE' | 'NODE_UNAVAILABLE' | 'WORKSPACE_UNAVAILABLE' | 'SHUTTING_DOWN' | null
  /** The session; null: none, or several */
  sessionId: string | null
  /** The turn; null: none, or several */
  turnId: string | null
  /** Address of the caller, behind trusted proxies; wrong keys over IPv6: the /64 network */
  address: string | null
  /** `X-Request-ID` of the request; null: the entry counts several requests */
  requestId: string | null
  /** How many requests the entry stands for. Refusals of the same kind within a minute after the first are counted in one entry */
  count: number
  /** Fields of the request, such as `path` or `decision`. For prompts `promptSha256`: SHA-256 of the text, or of the JSON of its blocks; with the option `auditPrompts` also `prompt` */
  details: Record<string, unknown>
}

export type BackgroundAccepted = {
  /** Id of the turn */
  turnId: string
  /** Id of the session */
  sessionId: string
  /** Always `queued`, even if the turn starts at once */
  status: 'queued'
  /** URL of the session's event stream, with only the events of this turn */
  eventsUrl: string
  /** URL of the turn */
  turnUrl: string
}

/** The sender of the request, as the server knows it */
export type Caller = {
  /** The part of the key that is public, or an id of the user: `createdBy` and logs have it. `anonymous`: no key was needed */
  keyId: string
  /** The name of the key or user, for people */
  name: string | null
  /** The tenant whose objects it sees */
  tenant: string
  /** What it may do */
  scopes: Array<'sessions:read' | 'sessions:write' | 'permissions:answer' | 'workspace:read' | 'workspace:write' | 'usage:read' | 'admin'>
  /** The only session that it opens; null: all of the tenant */
  sessionId: string | null
  /** Whether it sees all tenants, as keys of the configuration do */
  administersServer: boolean
  /** When it stops being valid; null: never */
  expiresAt: string | null
}

export type CallerLimits = {
  /** Requests in a minute, of any kind. Counted in memory: a restart begins anew */
  requestsPerMinute?: number | undefined
  /** Sessions that have not ended */
  activeSessions?: number | undefined
  /** Turns that run at once; more turns are accepted and wait */
  runningTurns?: number | undefined
  /** Turns that are accepted within 60 minutes */
  turnsPerHour?: number | undefined
  /** The cost of a day (UTC), in US dollars as estimated by Claude Code */
  spendPerDayUsd?: number | undefined
  /** The cost of a calendar month (UTC), in US dollars as estimated by Claude Code */
  spendPerMonthUsd?: number | undefined
}

export type ChangeMcpServerRequest = {
  /** What to do with the server */
  action: 'reconnect' | 'enable' | 'disable'
}

/** Hooks that the caller decides, by event: each is a request of kind `hook`, to be answered with `output` (SDK option `hooks`) */
export type ClientHooks = Record<string, Array<{
  /** Which tools it is about, as in settings of Claude Code: a name (`mcp__client__<name>` for a client tool), or a regular expression; which subagents at `SubagentStart` and `SubagentStop`, `manual` or `auto` at `PreCompact`; not at `UserPromptSubmit` and `Stop`. Absent: all */
  matcher?: string | undefined
  /** Milliseconds to wait for the answer. Absent: one minute */
  timeoutMs?: number | undefined
  /** What happens without an answer, or with `error`: `continue` goes ahead; `block` refuses the tool call or the prompt (`PreToolUse`, `UserPromptSubmit` only). Absent: `continue` */
  onFailure?: 'continue' | 'block' | undefined
}>>

/** A tool that the caller answers: each call is a request of kind `client_tool`, to be answered with `result` or `error` */
export type ClientTool = {
  /** The name of the tool, unique in the session */
  name: string
  /** The purpose of the tool, for Claude */
  description?: string | undefined
  /** A JSON Schema (draft 7) of the input with `type: "object"`, of at most 64 KiB. Absent: an object with any properties */
  inputSchema?: Record<string, unknown> | undefined
  /** Whether calls change nothing, so that several can run in parallel. Absent: false */
  readOnly?: boolean | undefined
}

/** A slash command or a skill */
export type Command = {
  /** The name, without the `/` */
  name: string
  /** A text for people; may be empty */
  description: string
  /** A hint at the arguments; empty: none */
  argumentHint: string
  /** Other names of the command */
  aliases: Array<string>
  /** Built into Claude Code; false: from the project, a plugin or an MCP server */
  builtIn: boolean
}

/** The parts of a message that a person reads */
export type CompactMessage = {
  /** Id of the message */
  id: string
  /** Position of the message in the session's log */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** Id of the turn; null: the message belongs to no turn */
  turnId: string | null
  /** Results of tools come with the role `user` */
  role: 'user' | 'assistant'
  /** It belongs to a subagent; absent: false */
  subagent?: true | undefined
  /** The text of the message; absent: none */
  text?: string | undefined
  /** The tools that Claude calls */
  tools?: Array<{
    /** Id of the call */
    id: string
    /** Name of the tool */
    name: string
    /** The part of the input that tells most, such as the command or the path */
    summary: string
  }> | undefined
  /** The results of tools */
  results?: Array<{
    /** The `id` of the call */
    toolId: string
    /** At most 4,000 characters */
    text: string
    /** The call failed; absent: false */
    error?: true | undefined
    /** `text` is not all; absent: false */
    shortened?: true | undefined
  }> | undefined
  /** Images and documents in the message */
  files?: Array<{
    /** Kind of the file */
    kind: 'image' | 'document'
    /** Title of a document; null: none */
    title: string | null
  }> | undefined
  /** The conversation was rewound to a point before it; absent: it still counts */
  rewound?: true | undefined
}

export type CompactRequest = {
  /** Instructions for the summary, such as what to keep */
  instructions?: string | undefined
  /** Milliseconds from acceptance until the turn times out; 0: no timeout */
  timeout?: number | undefined
  /** What to do if the session is running a turn: `queue` waits for it, `reject` returns 409 */
  onBusy?: 'queue' | 'reject' | undefined
}

export type CompactResponse = {
  /** Id of the turn */
  turnId: string
  /** Id of the session */
  sessionId: string
  /** Claude Code's id of the conversation */
  claudeSessionId: string
  /** false: there was nothing to compact, or the compaction failed */
  compacted: boolean
  /** Tokens of the conversation before the compaction; null: unknown */
  tokensBefore: number | null
  /** Tokens of the conversation after the compaction; null: unknown */
  tokensAfter: number | null
  /** Why the conversation was not compacted, in Claude Code's words */
  message: string | null
}

export type CreateKeyRequest = {
  /** A name for people, as the audit log shows it */
  name: string
  /** At most those of the caller */
  scopes: Array<'sessions:read' | 'sessions:write' | 'permissions:answer' | 'workspace:read' | 'workspace:write' | 'usage:read' | 'admin'>
  /** Default: the caller's; only keys of the configuration may name another one */
  tenant?: string | undefined
  /** The only session that the key opens, for a page or a bot. Not together with the scope `admin` */
  sessionId?: string | undefined
  /** Default: the caller's, which it cannot exceed */
  limits?: CallerLimits | undefined
  /** When it stops being valid (ISO 8601); null or left out: with the caller's key, else never */
  expiresAt?: string | null | undefined
}

export type CreatePresetRequest = {
  /** The name of the preset */
  name: string
  /** The purpose of the preset, or the changes of this version */
  description?: string | undefined
  /** The caller's data about this version, at most 16 KiB as JSON; sessions do not get it */
  metadata?: Record<string, unknown> | undefined
  configuration: PresetConfiguration
}

export type CreatePresetVersionRequest = {
  /** The purpose of the preset, or the changes of this version */
  description?: string | undefined
  /** The caller's data about this version, at most 16 KiB as JSON; sessions do not get it */
  metadata?: Record<string, unknown> | undefined
  configuration: PresetConfiguration
  /** The newest version that the caller knows; `PRESET_VERSION_CONFLICT` if there is a newer one. Absent: whatever was there */
  expectedVersion?: number | undefined
}

/** `PushSubscription.toJSON()` of the browser, with `events` and `includeTitle` */
export type CreatePushSubscriptionRequest = {
  /** An `https` address of a push service that the server knows */
  endpoint: string
  /** When the browser ends it, in milliseconds since 1970; null or absent: it does not say */
  expirationTime?: number | null | undefined
  /** For the encryption of the messages */
  keys: {
    /** The browser's public key */
    p256dh: string
    /** The browser's authentication secret */
    auth: string
  }
  /** `request`: a permission request waits for a person. `turn_ended`: a turn is over, except by an interrupt; needs the scope `sessions:read` */
  events: Array<'request' | 'turn_ended'>
  /** Whether messages have the title of the session; needs the scope `sessions:read` */
  includeTitle?: boolean | undefined
}

export type CreateSessionRequest = {
  /** The id of the new session, a UUID of any version but 8; `SESSION_ID_TAKEN` if there is such a session. Absent: a random one */
  sessionId?: string | undefined
  /** The preset that the configuration comes from: a name for its newest version, or `name@version`. Fields of the request replace those of the preset */
  preset?: string | undefined
  /** Model id or alias; absent: Claude Code's default */
  model?: string | undefined
  /** Working directory; must lie inside an allowed root */
  cwd?: string | undefined
  workspace?: WorkspaceRequest | undefined
  permissionMode?: PermissionMode | undefined
  /** Text that is added to the system prompt (SDK option `systemPrompt.append`) */
  appendSystemPrompt?: string | undefined
  /** Agentic turns that one prompt may take; absent: unlimited */
  maxTurns?: number | undefined
  /** What happens when Claude Code needs permission: `deny` refuses at once, `ask` waits for an answer to the permission request (SDK option `permissionPrompts`) */
  permissionPrompts?: 'deny' | 'ask' | undefined
  /** Milliseconds after which an unanswered permission request is denied. Applies while `permissionPrompts` is `ask` */
  permissionTimeoutMs?: number | undefined
  /** Your own text (empty: none), or Claude Code's system prompt with an appendix; `appendSystemPrompt` is added to either (SDK option `systemPrompt`) */
  systemPrompt?: string | {
    type: 'preset'
    preset: 'claude_code'
    /** Text that is added to the system prompt */
    append?: string | undefined
    /** Whether user-specific parts move to the first message, so that more of the prompt is cached */
    excludeDynamicSections?: boolean | undefined
  } | undefined
  /** The built-in tools that Claude has; absent: Claude Code's default (SDK option `tools`) */
  tools?: Array<string> | undefined
  /** Tools, or rules such as `Bash(git *)`, that are allowed without asking (SDK option `allowedTools`) */
  allowedTools?: Array<string> | undefined
  /** Tools or rules that are denied (SDK option `disallowedTools`) */
  disallowedTools?: Array<string> | undefined
  /** More directories that Claude may work in, inside the allowed roots; shown with symbolic links resolved (SDK option `additionalDirectories`) */
  additionalDirectories?: Array<string> | undefined
  /** MCP servers by name (SDK option `mcpServers`) */
  mcpServers?: Record<string, McpServer> | undefined
  /** Tools that the caller answers */
  clientTools?: Array<ClientTool> | undefined
  clientHooks?: ClientHooks | undefined
  /** Subagents by name (SDK option `agents`) */
  agents?: Record<string, AgentDefinition> | undefined
  /** The skills that Claude is told about; absent: all (SDK option `skills`) */
  skills?: 'all' | Array<string> | undefined
  /** Settings files that take effect, as far as the server allows them; `project` and `local` only in directories that the server's owner trusts. Absent: no settings, only the instructions of the directories as text (`CLAUDE.md`, agents, skills, commands); `[]`: nothing at all (SDK option `settingSources`) */
  settingSources?: Array<SettingSource> | undefined
  effort?: Effort | undefined
  thinking?: Thinking | undefined
  /** The model that takes over while the model is overloaded (SDK option `fallbackModel`) */
  fallbackModel?: string | undefined
  /** What all turns of the session may cost together, in US dollars as estimated by Claude Code. The turn that reaches the limit ends with `stopReason: "budget"`; later turns are refused with `BUDGET_EXCEEDED` */
  maxBudgetUsd?: number | undefined
  /** Whether Claude Code suggests the next prompt after a turn: the event `suggestion` of streams with deltas. Each suggestion is a request to the model, mostly from its cache, and counts with the next turn. Absent: false (SDK option `promptSuggestions`) */
  promptSuggestions?: boolean | undefined
  /** Whether Claude Code gives the session a title: `claude` asks for one after a completed turn, as long as the session has none. Each title is a short request to the model, and counts with the next turn. Absent: `off` */
  titles?: 'claude' | 'off' | undefined
  outputFormat?: OutputFormat | undefined
  /** Environment variables for the Claude Code process, as far as the server allows them. Values are write-only: they are shown as `***` */
  agentEnv?: Record<string, string> | undefined
  /** The caller's data; at most 16 KiB as JSON */
  metadata?: Record<string, unknown> | undefined
  /** A title for people */
  title?: string | undefined
  /** Words to find the session by; upper and lower case differ */
  tags?: Array<string> | undefined
}

export type CreateSessionResponse = {
  /** Id of the session */
  sessionId: string
  /** null until known, if none was requested */
  model: string | null
  status: SessionStatus
  /** ISO 8601, UTC, milliseconds */
  createdAt: string
  /** ISO 8601, UTC, milliseconds */
  expiresAt: string
  /** The tenant that the session belongs to */
  tenant: string
  /** The id of the API key that created it */
  createdBy: string
}

export type CreateTicketRequest = {
  /** The only session that the ticket opens; it does not open `GET /events` then. Default: all that the caller can see */
  sessionId?: string | undefined
}

export type CreateWebhookRequest = {
  /** The receiver: an `https` address without user, password and fragment */
  url: string
  /** The events that are delivered */
  events: Array<'session.created' | 'session.expired' | 'session.ended' | 'conversation.lost' | 'workspace.restored' | 'permission.requested' | 'permission.resolved' | 'turn.completed' | 'turn.failed' | 'turn.interrupted' | 'turn.timed_out' | 'turn.lost' | 'webhook.disabled'>
  /** As in Standard Webhooks; absent: the server creates one */
  secret?: string | undefined
}

export type CreateWebhookResponse = {
  /** The webhook */
  webhookId: string
  /** The query string is shown as `***` */
  url: string
  /** The events that are delivered */
  events: Array<'session.created' | 'session.expired' | 'session.ended' | 'conversation.lost' | 'workspace.restored' | 'permission.requested' | 'permission.resolved' | 'turn.completed' | 'turn.failed' | 'turn.interrupted' | 'turn.timed_out' | 'turn.lost' | 'webhook.disabled'>
  /** Whether new events are delivered */
  enabled: boolean
  /** null: it is enabled */
  disabledReason: WebhookDisabledReason | null
  /** null: it is enabled */
  disabledAt: string | null
  /** The id of the API key that created it */
  createdBy: string
  /** The tenant whose events it gets */
  tenant: string
  /** When the webhook was created */
  createdAt: string
  /** When a delivery last succeeded */
  lastDeliveredAt: string | null
  /** Shown only in this response */
  secret: string
}

/** A piece of a message that is still being generated. A reader that joins in the middle of a block first gets everything so far as one piece */
export type DeltaEvent = {
  /** Id of the turn */
  turnId: string
  /** Id of the message in the model's API */
  messageId: string
  /** Position of the content block in the message */
  blockIndex: number
  /** The piece, to be appended to the block */
  delta: {
    type: 'text'
    /** More text */
    text: string
  } | {
    type: 'thinking'
    /** More of Claude's thinking */
    thinking: string
  } | {
    type: 'input_json'
    /** More of the JSON text of a tool's input */
    partialJson: string
    /** Id of the tool call; absent: unknown */
    toolUseId?: string | undefined
    /** Name of the tool; absent: unknown */
    toolName?: string | undefined
  }
}

/** The block will not become a message: the model's API broke off, and Claude Code sent the request again or gave up. Drop the text of its deltas. Ignore blocks that you do not know */
export type DeltaVoided = {
  /** Id of the turn */
  turnId: string
  /** Id of the message in the model's API */
  messageId: string
  /** Position of the content block in the message */
  blockIndex: number
}

export type DiffResponse = {
  /** Id of the session */
  sessionId: string
  /** The requested start: `session`, or a turn id */
  since: string
  /** `git`: all differences in the working directory, from any source, except files that git ignores. `checkpoints`: only files that tools such as Write and Edit have changed, because the directory is not in a git repository, or a snapshot could not be taken or read */
  source: 'git' | 'checkpoints'
  /** Why there is no snapshot to compare with; null: there is one, or nothing has changed yet. `unsafe_repository`: the git directory is outside the allowed roots, or has files that are too large or not regular */
  reason: 'no_repository' | 'git_not_installed' | 'unsafe_repository' | 'failed' | null
  /** The changed files */
  files: Array<FileDiff>
  /** Added lines in all files */
  insertions: number
  /** Removed lines in all files */
  deletions: number
  /** Some files or diffs are left out, because the response would be too large */
  truncated: boolean
}

export type DirectoryWorkspace = {
  type: 'directory'
  /** The absolute path of the working directory */
  path: string
}

export type DirectoryWorkspaceRequest = {
  type: 'directory'
  /** An existing directory inside an allowed root, as for `cwd` */
  path: string
}

/** How much effort Claude puts into an answer (SDK option `effort`) */
export type Effort = 'low' | 'medium' | 'high' | 'xhigh' | 'max'

export type EmptyWorkspace = {
  type: 'empty'
  /** The absolute path of the working directory */
  path: string
  /** Whether the directory is removed after the session has ended or expired */
  removeOnEnd: boolean
}

/** A new directory for this session */
export type EmptyWorkspaceRequest = {
  type: 'empty'
  /** Whether to remove the directory after the session has ended or expired */
  removeOnEnd?: boolean | undefined
}

/** The body of every error response */
export type ErrorResponse = {
  /** The error */
  error: {
    /** The error code, for programs */
    code: 'INVALID_REQUEST' | 'MISSING_API_KEY' | 'BUDGET_EXCEEDED' | 'SPEND_LIMIT_REACHED' | 'INVALID_API_KEY' | 'SCOPE_REQUIRED' | 'TENANT_NOT_ALLOWED' | 'GRANT_NOT_ALLOWED' | 'CWD_NOT_ALLOWED' | 'PERMISSION_MODE_NOT_ALLOWED' | 'SETTING_NOT_ALLOWED' | 'PATH_NOT_ALLOWED' | 'WORKSPACE_NOT_ALLOWED' | 'ORIGIN_NOT_ALLOWED' | 'KEY_REQUIRED' | 'CSRF_TOKEN_INVALID' | 'NOT_FOUND' | 'SESSION_NOT_FOUND' | 'TURN_NOT_FOUND' | 'PERMISSION_REQUEST_NOT_FOUND' | 'ATTACHMENT_NOT_FOUND' | 'FILE_NOT_FOUND' | 'MCP_SERVER_NOT_FOUND' | 'TASK_NOT_FOUND' | 'KEY_NOT_FOUND' | 'WEBHOOK_NOT_FOUND' | 'WEBHOOK_DELIVERY_NOT_FOUND' | 'PUSH_SUBSCRIPTION_NOT_FOUND' | 'PRESET_NOT_FOUND' | 'METHOD_NOT_ALLOWED' | 'REQUEST_TIMEOUT' | 'SESSION_BUSY' | 'IDEMPOTENCY_IN_FLIGHT' | 'TURN_NOT_IN_CONVERSATION' | 'TURN_NOT_RETRYABLE' | 'TRANSCRIPT_INCOMPLETE' | 'PERMISSION_ALREADY_RESOLVED' | 'ATTACHMENT_IN_USE' | 'KEY_REVOKED' | 'KEY_LIMIT_REACHED' | 'LAST_ADMINISTRATOR' | 'WEBHOOK_DISABLED' | 'WEBHOOK_LIMIT_REACHED' | 'PUSH_SUBSCRIPTION_LIMIT_REACHED' | 'SESSION_ID_TAKEN' | 'PRESET_EXISTS' | 'PRESET_ARCHIVED' | 'PRESET_VERSION_CONFLICT' | 'PRESET_SECRETS_UNREADABLE' | 'PRESET_LIMIT_REACHED' | 'SESSION_EXPIRED' | 'SESSION_ENDED' | 'PRECONDITION_FAILED' | 'PAYLOAD_TOO_LARGE' | 'ATTACHMENT_LIMIT_REACHED' | 'UNSUPPORTED_MEDIA_TYPE' | 'BODY_ALREADY_READ' | 'RANGE_NOT_SATISFIABLE' | 'HOST_NOT_ALLOWED' | 'IDEMPOTENCY_KEY_REUSED' | 'WORKSPACE_FAILED' | 'MAX_SESSIONS_REACHED' | 'TURN_QUEUE_FULL' | 'RATE_LIMIT_EXCEEDED' | 'MODEL_RATE_LIMITED' | 'CALLER_LIMIT_REACHED' | 'SESSION_CREATE_FAILED' | 'LIST_SESSIONS_FAILED' | 'GET_SESSION_FAILED' | 'END_SESSION_FAILED' | 'MESSAGE_SEND_FAILED' | 'GET_MESSAGES_FAILED' | 'SSE_SETUP_FAILED' | 'INTERNAL' | 'AGENT_UNAVAILABLE' | 'MODEL_OVERLOADED' | 'SERVER_LIMIT_REACHED' | 'STORE_UNAVAILABLE' | 'IDENTITY_PROVIDER_UNAVAILABLE' | 'NODE_UNAVAILABLE' | 'WORKSPACE_UNAVAILABLE' | 'SHUTTING_DOWN'
    /** A text for people; may change */
    message: string
    /** Facts about the error; docs/errors.md lists them by code */
    details?: Record<string, unknown> | undefined
    /** Whether the same request can succeed later */
    retryable: boolean
    /** `same_key`: send the request again, with the same Idempotency-Key if it had one; `new_key`: the turn failed, and the same key would return that failure: use `POST /sessions/:id/turns/:turnId/retry`, or a new key; `never`: the same request would fail again */
    retry: 'same_key' | 'new_key' | 'never'
  }
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** Id of the request; also in the header `X-Request-ID` and in the log */
  requestId: string
}

export type EventConversationLost = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** `all`: Claude starts over and knows nothing of the conversation; `part`: it still knows the other turns */
  extent: 'all' | 'part'
  /** The turns that Claude no longer knows, oldest first; their messages are still listed */
  turnIds: Array<string>
}

export type EventMentionsIgnored = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** Id of the turn */
  turnId: string
  /** The mentions that stay text */
  mentions: Array<IgnoredMention>
}

export type EventMessage = {
  /** Always `claude_code_message` */
  type: 'claude_code_message'
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** Id of the turn; absent: the message belongs to no turn */
  turnId?: string | undefined
  /** As in the history */
  synthetic?: true | undefined
  /** The whole message, as Claude Code sent it */
  message: Record<string, unknown>
} | {
  /** Always `compact_message` */
  type: 'compact_message'
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** Id of the turn; absent: the message belongs to no turn */
  turnId?: string | undefined
  /** Results of tools come with the role `user` */
  role: 'user' | 'assistant'
  /** It belongs to a subagent; absent: false */
  subagent?: true | undefined
  /** The text of the message; absent: none */
  text?: string | undefined
  /** The tools that Claude calls */
  tools?: Array<{
    /** Id of the call */
    id: string
    /** Name of the tool */
    name: string
    /** The part of the input that tells most, such as the command or the path */
    summary: string
  }> | undefined
  /** The results of tools */
  results?: Array<{
    /** The `id` of the call */
    toolId: string
    /** At most 4,000 characters */
    text: string
    /** The call failed; absent: false */
    error?: true | undefined
    /** `text` is not all; absent: false */
    shortened?: true | undefined
  }> | undefined
  /** Images and documents in the message */
  files?: Array<{
    /** Kind of the file */
    kind: 'image' | 'document'
    /** Title of a document; null: none */
    title: string | null
  }> | undefined
}

export type EventPermissionRequested = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** Id of the permission request */
  permissionId: string
  /** null: background work asks */
  turnId: string | null
  kind: PermissionKind
  /** Name of the tool */
  toolName: string
  /** Id of the tool call; null: there is none, as for `elicitation` */
  toolUseId: string | null
  /** The subagent that asks; null: the main conversation */
  agentId: string | null
  /** The input of the tool call */
  input: Record<string, unknown>
  /** A text for people */
  title: string | null
  /** What the call does, for people; null: unknown */
  description: string | null
  /** Rules that `remember: { suggestions }` can allow for the rest of the session */
  suggestions: Array<PermissionSuggestion>
  /** The questions; kind `question` only */
  questions?: Array<PermissionQuestion> | undefined
  /** The plan in Markdown; kind `plan` only */
  plan?: string | undefined
  elicitation?: PermissionElicitation | undefined
  hook?: HookRequest | undefined
  /** ISO 8601, UTC, milliseconds */
  requestedAt: string
  /** ISO 8601, UTC, milliseconds */
  expiresAt: string
  status: PermissionStatus
  /** null: the request is pending */
  decidedAt: string | null
  /** The id of the API key that answered */
  decidedBy: string | null
  /** The message of the decision */
  message: string | null
  /** The input that the tool ran with instead of `input`; null: it ran with `input` */
  updatedInput: Record<string, unknown> | null
  /** Exactly what the answer allowed or changed for the rest of the session; empty: nothing */
  remembered: Array<PermissionSuggestion>
}

export type EventPermissionResolved = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** Id of the permission request */
  permissionId: string
  /** null: background work asks */
  turnId: string | null
  kind: PermissionKind
  /** Name of the tool */
  toolName: string
  /** Id of the tool call; null: there is none, as for `elicitation` */
  toolUseId: string | null
  /** The subagent that asks; null: the main conversation */
  agentId: string | null
  /** The input of the tool call */
  input: Record<string, unknown>
  /** A text for people */
  title: string | null
  /** What the call does, for people; null: unknown */
  description: string | null
  /** Rules that `remember: { suggestions }` can allow for the rest of the session */
  suggestions: Array<PermissionSuggestion>
  /** The questions; kind `question` only */
  questions?: Array<PermissionQuestion> | undefined
  /** The plan in Markdown; kind `plan` only */
  plan?: string | undefined
  elicitation?: PermissionElicitation | undefined
  hook?: HookRequest | undefined
  /** ISO 8601, UTC, milliseconds */
  requestedAt: string
  /** ISO 8601, UTC, milliseconds */
  expiresAt: string
  status: PermissionStatus
  /** null: the request is pending */
  decidedAt: string | null
  /** The id of the API key that answered */
  decidedBy: string | null
  /** The message of the decision */
  message: string | null
  /** The input that the tool ran with instead of `input`; null: it ran with `input` */
  updatedInput: Record<string, unknown> | null
  /** Exactly what the answer allowed or changed for the rest of the session; empty: nothing */
  remembered: Array<PermissionSuggestion>
}

export type EventSessionCreated = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** The requested model; null: Claude Code's default */
  model: string | null
  /** The working directory */
  cwd: string
  permissionMode: PermissionMode
  /** The title; null: none */
  title: string | null
  /** The tags; absent: none */
  tags?: Array<string> | undefined
  forkedFrom?: ForkedFrom | undefined
}

export type EventSessionEnded = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
}

export type EventSessionExpired = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
}

export type EventSessionRewound = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** The first turn that no longer counts */
  toTurnId: string
  /** Whether the conversation was rewound */
  conversation: boolean
  /** Whether files were restored */
  files: boolean
  /** The turns that no longer count, oldest first */
  turnIds: Array<string>
  /** The restored files */
  restored: Array<string>
}

export type EventSessionUpdated = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** The new title; null: none */
  title?: string | null | undefined
  /** Who gave the new title; null: there is none */
  titleSource?: TitleSource | null | undefined
  /** The caller's new data */
  metadata?: Record<string, unknown> | undefined
  /** The new tags, all of them */
  tags?: Array<string> | undefined
  /** Whether it is archived from now on; a new turn sets it to false */
  archived?: boolean | undefined
  /** The new model; null: the default */
  model?: string | null | undefined
  permissionMode?: PermissionMode | undefined
  /** The new limit; null: unlimited */
  maxTurns?: number | null | undefined
  /** The new directory of Claude's shell */
  workingDirectory?: string | undefined
  /** Applies from the next turn; null: the default */
  effort?: Effort | null | undefined
  /** All MCP servers, with their secrets; applies from the next turn; null: none */
  mcpServers?: Record<string, McpServer> | null | undefined
  /** All tools that the caller answers; applies from the next turn; null: none */
  clientTools?: Array<ClientTool> | null | undefined
  /** All hooks that the caller decides; applies from the next turn; null: none */
  clientHooks?: ClientHooks | null | undefined
  /** Applies from the next turn; null: no limit */
  maxBudgetUsd?: number | null | undefined
  /** Applies from the next turn; null: off */
  promptSuggestions?: boolean | null | undefined
  /** Applies from the next turn; null: off */
  titles?: 'claude' | 'off' | null | undefined
}

export type EventSettingsRestricted = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** The settings files that take effect from now on */
  settingSources: Array<SettingSource>
  /** Settings files that took effect before or were requested. The server no longer allows them, or does not trust the directory. Instructions of `project` still apply */
  ignored: Array<SettingSource>
}

export type EventTurnCompleted = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** Id of the turn */
  turnId: string
  status: TurnStatus
  /** ISO 8601, UTC, milliseconds */
  endedAt: string
  /** Milliseconds from start to end; null: the turn never started */
  durationMs: number | null
  /** Claude's final answer */
  response: string
  stopReason: StopReason
  usage: Usage | null
  /** The cost of this turn in US dollars, as estimated by Claude Code; null: unknown */
  costUsd: number | null
  /** Tool calls that were denied: by rules, by the permission mode, by a person, or because `permissionPrompts` is `deny`; absent: none */
  permissionDenials?: Array<PermissionDenial> | undefined
  /** The answer as data that matches the session's `outputFormat`; absent without `outputFormat` */
  structuredOutput?: unknown | undefined
  /** Texts of Claude Code itself, such as hook output or an error, which are not part of `response`; absent: none */
  notice?: string | undefined
  ending?: TurnEnding | undefined
}

export type EventTurnFailed = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** Id of the turn */
  turnId: string
  status: TurnStatus
  /** ISO 8601, UTC, milliseconds */
  endedAt: string
  /** Milliseconds from start to end; null: the turn never started */
  durationMs: number | null
  /** Claude's text up to that point */
  response?: string | null | undefined
  error: TurnError
  usage: Usage | null
  /** The cost of this turn in US dollars, as estimated by Claude Code; null: unknown */
  costUsd: number | null
  /** Tool calls that were denied: by rules, by the permission mode, by a person, or because `permissionPrompts` is `deny`; absent: none */
  permissionDenials?: Array<PermissionDenial> | undefined
  /** The answer as data that matches the session's `outputFormat`; absent without `outputFormat` */
  structuredOutput?: unknown | undefined
  /** Texts of Claude Code itself, such as hook output or an error, which are not part of `response`; absent: none */
  notice?: string | undefined
  ending?: TurnEnding | undefined
}

export type EventTurnInterrupted = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** Id of the turn */
  turnId: string
  status: TurnStatus
  /** ISO 8601, UTC, milliseconds */
  endedAt: string
  /** Milliseconds from start to end; null: the turn never started */
  durationMs: number | null
  /** Claude's text up to that point */
  response?: string | null | undefined
  stopReason: StopReason | null
  usage: Usage | null
  /** The cost of this turn in US dollars, as estimated by Claude Code; null: unknown */
  costUsd: number | null
  /** Tool calls that were denied: by rules, by the permission mode, by a person, or because `permissionPrompts` is `deny`; absent: none */
  permissionDenials?: Array<PermissionDenial> | undefined
  /** The answer as data that matches the session's `outputFormat`; absent without `outputFormat` */
  structuredOutput?: unknown | undefined
  /** Texts of Claude Code itself, such as hook output or an error, which are not part of `response`; absent: none */
  notice?: string | undefined
  ending?: TurnEnding | undefined
}

export type EventTurnLost = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** Id of the turn */
  turnId: string
  status: TurnStatus
  /** ISO 8601, UTC, milliseconds */
  endedAt: string
  /** Milliseconds from start to end; null: the turn never started */
  durationMs: number | null
  error: TurnError
}

export type EventTurnQueued = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** Id of the turn */
  turnId: string
  status: TurnStatus
  /** Why the turn waits; absent if it starts at once */
  reason?: 'session_busy' | 'no_free_process' | 'limit_reached' | undefined
}

export type EventTurnStarted = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** Id of the turn */
  turnId: string
  status: TurnStatus
  /** ISO 8601, UTC, milliseconds */
  startedAt: string
}

export type EventTurnTimedOut = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** Id of the turn */
  turnId: string
  status: TurnStatus
  /** ISO 8601, UTC, milliseconds */
  endedAt: string
  /** Milliseconds from start to end; null: the turn never started */
  durationMs: number | null
  /** Claude's text up to that point */
  response?: string | null | undefined
  usage: Usage | null
  /** The cost of this turn in US dollars, as estimated by Claude Code; null: unknown */
  costUsd: number | null
  /** Tool calls that were denied: by rules, by the permission mode, by a person, or because `permissionPrompts` is `deny`; absent: none */
  permissionDenials?: Array<PermissionDenial> | undefined
  /** The answer as data that matches the session's `outputFormat`; absent without `outputFormat` */
  structuredOutput?: unknown | undefined
  /** Texts of Claude Code itself, such as hook output or an error, which are not part of `response`; absent: none */
  notice?: string | undefined
  ending?: TurnEnding | undefined
}

export type EventWorkspaceRestored = {
  /** Id of the session */
  sessionId: string
  /** Position of the event in the session's log; also the `id:` of the stream */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** `snapshot`: its files are those of a snapshot; `clone`: there was none, and the repository was cloned again; `empty`: there was none, and the directory is empty */
  source: 'snapshot' | 'clone' | 'empty'
  /** When the snapshot was taken; null: there was none */
  takenAt: string | null
  /** Whether a turn has worked after the snapshot: the files that it has changed since are lost */
  turnCutOff: boolean
  /** The number of files of the snapshot whose content can no longer be read */
  missingFiles: number
}

/** Everything up to this position has been sent; what follows is live. It is also the `id:` */
export type FeedCaughtUp = {
  /** The position of the last stored event */
  position: number
}

/** The server is shutting down, or the key is no longer valid */
export type FeedClosing = Record<string, never>

/** Events of this range of positions are missing: retention has removed them with their sessions, or the store was restored from a backup. Those that are left still come */
export type FeedGap = {
  /** The first position of the range */
  from: number
  /** The last position of the range */
  to: number
}

/** The changes of one file */
export type FileDiff = {
  /** Relative to the working directory; absolute outside it */
  path: string
  /** What happened to the file */
  status: 'added' | 'modified' | 'deleted' | 'renamed'
  /** The old path of a renamed file */
  oldPath?: string | undefined
  /** Added lines; null: not a text file */
  insertions: number | null
  /** Removed lines; null: not a text file */
  deletions: number | null
  /** Whether the file is not text */
  binary: boolean
  /** A unified diff; absent if the file is not text, or if the response would be too large */
  diff?: string | undefined
}

/** An entry of a directory */
export type FileEntry = {
  /** The path to use in calls; absolute outside the working directory */
  path: string
  /** The last part of the path */
  name: string
  type: FileType
  /** null unless the entry is a file */
  sizeBytes: number | null
  /** ISO 8601, UTC, milliseconds */
  modifiedAt: string
  /** The target of a symbolic link, if it is inside the session's directories; the target need not exist */
  target?: string | undefined
  /** The name is not UTF-8: bytes beyond ASCII are shown as `%XX`. Use the name as shown in paths; archives and diffs use it too */
  escaped?: true | undefined
  /** Entries of a directory; absent below `depth` */
  children?: Array<FileEntry> | undefined
  /** Some entries of this directory are left out; list it by its own path */
  truncated?: true | undefined
}

/** `other`: a socket, FIFO or device; never opened */
export type FileType = 'file' | 'directory' | 'symlink' | 'other'

export type ForkSessionRequest = {
  /** The last turn that the fork shares; absent: the newest turn that has ended */
  afterTurnId?: string | undefined
  /** Absent: the original's title */
  title?: string | null | undefined
}

/** The origin of a fork */
export type ForkedFrom = {
  /** The session that was forked */
  sessionId: string
  /** The last shared turn; null: the conversation was empty */
  turnId: string | null
}

export type GetContextResponse = {
  /** Id of the session */
  sessionId: string
  /** Model id */
  model: string
  /** Tokens in the window as of the last prompt; the answer to it counts from the next prompt on */
  totalTokens: number
  /** The size of the window */
  maxTokens: number
  /** `totalTokens` in percent of `maxTokens` */
  percentage: number
  /** The tokens by what they are used for */
  categories: Array<{
    /** A stable key such as `system_prompt` or `messages`; null: Claude Code reports none */
    id: string | null
    /** For people */
    name: string
    /** `used`: in the window; `free`: available; `buffer`: reserved for compaction; `deferred`: outside the window */
    kind: string
    /** Tokens */
    tokens: number
  }>
  /** Memory files such as `CLAUDE.md` */
  memoryFiles: Array<{
    /** Path of the file */
    path: string
    /** Where the file comes from, such as `Project` or `User` */
    type: string
    /** Tokens */
    tokens: number
  }>
  /** Tools of MCP servers */
  mcpTools: Array<{
    /** Name of the MCP server */
    server: string
    /** Name of the tool */
    name: string
    /** Tokens */
    tokens: number
  }>
  /** Subagents that Claude is told about */
  agents: Array<{
    /** Name */
    name: string
    /** Where it is defined, such as `projectSettings` or `built-in` */
    source: string
    /** Tokens */
    tokens: number
  }>
  /** Skills that Claude is told about */
  skills: Array<{
    /** Name */
    name: string
    /** Where it is defined, such as `projectSettings` or `built-in` */
    source: string
    /** Tokens */
    tokens: number
  }>
  /** Automatic compaction */
  autoCompact: {
    /** Whether Claude Code compacts automatically */
    enabled: boolean
    /** Tokens at which Claude Code compacts automatically; null: unknown */
    threshold: number | null
  }
}

export type GitWorkspace = {
  type: 'git'
  /** The absolute path of the working directory */
  path: string
  /** Without user and password */
  url: string
  /** The requested branch, tag or commit; null: the repository's default branch */
  ref: string | null
  /** The number of fetched commits; null: all */
  depth: number | null
  /** The commit that was checked out; null: the repository is empty */
  commit: string | null
  /** Whether the directory is removed after the session has ended or expired */
  removeOnEnd: boolean
}

/** A clone of a repository */
export type GitWorkspaceRequest = {
  type: 'git'
  /** The URL of a repository that the server allows, or the path of one inside an allowed root. A user and password in the URL are used for the clone and not stored */
  url: string
  /** A branch, tag or commit; absent: the repository's default branch */
  ref?: string | undefined
  /** The number of commits to fetch; absent: all */
  depth?: number | undefined
  /** Whether to remove the directory after the session has ended or expired */
  removeOnEnd?: boolean | undefined
}

export type HealthResponse = {
  /** `degraded`: Claude Code cannot work; `unhealthy`: the store fails, or the server shuts down */
  status: 'healthy' | 'degraded' | 'unhealthy'
  /** Only with a valid key */
  timestamp?: string | undefined
  /** Only with a valid key */
  sessions?: {
    /** Sessions that take prompts */
    active: number
    /** All stored sessions */
    total: number
  } | undefined
  /** Only with a valid key */
  version?: string | undefined
  /** Only with a valid key */
  uptimeMs?: number | undefined
  /** The isolation of Claude Code in force. Only with a valid key */
  isolation?: {
    /** `process`: Claude Code runs in a box; `none`: with the rights of the server */
    level: 'none' | 'process'
    /** Limits of a box that this machine cannot keep */
    missingBounds: Array<'memory' | 'processes'>
  } | undefined
  /** Only with a valid key */
  checks?: {
    /** The database */
    store: {
      /** Whether the store can be read and written */
      status: 'ok' | 'failed'
      /** What is wrong, for people */
      message?: string | undefined
      /** Milliseconds since this was checked */
      ageMs?: number | undefined
    }
    /** Claude Code */
    claude: {
      /** `unknown`: not checked yet */
      status: 'ok' | 'unknown' | 'unavailable'
      /** Version of Claude Code */
      version?: string | undefined
      /** Why it is not available */
      reason?: 'authentication_failed' | 'billing_error' | 'rate_limited' | 'overloaded' | 'invalid_request' | 'model_not_found' | 'model_error' | 'max_output_tokens' | 'prompt_too_long' | 'media_rejected' | 'tool_unavailable' | 'turn_setup_failed' | 'hook_failed' | 'process_died' | 'process_unresponsive' | 'output_too_large' | 'not_installed' | 'not_logged_in' | 'start_failed' | 'cwd_missing' | 'setting_not_supported' | 'isolation_failed' | 'workspace_too_large' | 'structured_output_failed' | 'secrets_unreadable' | 'spend_limit_reached' | 'cancelled' | 'lost' | 'unknown' | undefined
      /** What is wrong, for people */
      message?: string | undefined
      /** Milliseconds since this was checked */
      ageMs?: number | undefined
    }
  } | undefined
}

/** For kind `hook`: the output of the hook, as the SDK has it (`SyncHookJSONOutput`) */
export type HookOutput = {
  /** false: Claude stops after this */
  continue?: boolean | undefined
  /** Why, where `continue` is false */
  stopReason?: string | undefined
  /** Whether its output is left out of the transcript */
  suppressOutput?: boolean | undefined
  /** A notice for people */
  systemMessage?: string | undefined
  /** `block`: the action is refused; at `Stop` and `SubagentStop`, Claude continues to work */
  decision?: 'approve' | 'block' | undefined
  /** Of `decision`, for Claude */
  reason?: string | undefined
  /** The fields that depend on the event */
  hookSpecificOutput?: {
    /** The event of the request */
    hookEventName: 'PreToolUse' | 'PostToolUse' | 'PostToolUseFailure' | 'UserPromptSubmit' | 'Stop' | 'SubagentStart' | 'SubagentStop' | 'PreCompact'
    /** The decision about the tool call; `PreToolUse` only. Rules that deny it still count */
    permissionDecision?: 'allow' | 'deny' | 'ask' | undefined
    /** Why, for Claude; `PreToolUse` only */
    permissionDecisionReason?: string | undefined
    /** Input for the tool to run with instead; `PreToolUse` only */
    updatedInput?: Record<string, unknown> | undefined
    /** Text that Claude is given */
    additionalContext?: string | undefined
    /** Result for Claude instead of the actual one, in the form that `tool_response` of the input has; Claude Code ignores other forms. `PostToolUse` only */
    updatedToolOutput?: unknown | undefined
  } | undefined
}

/** The event that the caller decides about; kind `hook` only */
export type HookRequest = {
  /** The event of Claude Code */
  event: 'PreToolUse' | 'PostToolUse' | 'PostToolUseFailure' | 'UserPromptSubmit' | 'Stop' | 'SubagentStart' | 'SubagentStop' | 'PreCompact'
  /** The hook's input, as the SDK has it, without ids and files of Claude Code itself */
  input: Record<string, unknown>
}

/** A file mention that was not followed */
export type IgnoredMention = {
  /** The mention as written in the prompt, without the `@` */
  mention: string
  /** Why the mention stays text: the file is outside the session's directories, it is not a regular file or directory, or it exceeds the limit */
  reason: 'outside' | 'not_a_file' | 'too_large' | 'too_many'
}

export type InterruptRequest = {
  /** Only this turn, whether running or waiting */
  turnId?: string | undefined
  /** Also cancel the waiting turns */
  clearQueue?: boolean | undefined
}

export type InterruptResponse = {
  /** Turns that were running */
  interrupted: Array<string>
  /** Turns that were waiting */
  cancelled: Array<string>
}

/** The turn that was accepted last */
export type LastTurn = {
  /** Id of the turn */
  turnId: string
  status: TurnStatus
  /** When it ended; null: it has not ended */
  endedAt: string | null
}

export type ListAgentsResponse = {
  /** Id of the session */
  sessionId: string
  /** The subagents */
  agents: Array<AgentDescription>
}

export type ListAttachmentsResponse = {
  /** Id of the session */
  sessionId: string
  /** The attachments of this page */
  attachments: Array<Attachment>
  pagination: Pagination
}

export type ListAuditResponse = {
  /** One page; it can be empty although more follow */
  entries: Array<AuditEntry>
  /** The place of the page in the log */
  pagination: {
    /** The maximum number of entries in the page */
    limit: number
    /** Whether the rest of the log has not been searched yet: a page searches a limited part */
    hasMore: boolean
    /** Continues after this page. With `order=oldest` it is also there at the end, for entries to come; null: at the end */
    nextCursor: string | null
  }
}

export type ListCommandsResponse = {
  /** Id of the session */
  sessionId: string
  /** Slash commands and skills */
  commands: Array<Command>
}

export type ListFilesResponse = {
  /** Id of the session */
  sessionId: string
  /** The path of the directory, with symbolic links resolved */
  path: string
  /** Sorted by name, including hidden files */
  entries: Array<FileEntry>
  /** The `cursor` of the next page; null: this is the last page */
  nextCursor: string | null
}

export type ListKeysResponse = {
  /** One page, oldest first */
  keys: Array<ApiKey>
  pagination: Pagination
}

export type ListMcpServersResponse = {
  /** Id of the session */
  sessionId: string
  /** The session's MCP servers */
  servers: Array<McpServerState>
}

export type ListMessagesResponse = {
  /** Id of the session */
  sessionId: string
  /** The messages of this page */
  messages: Array<StoredMessage | CompactMessage>
  pagination: Pagination
}

export type ListModelsResponse = {
  /** The models; empty until Claude Code has reported them */
  models: Array<ModelInfo>
}

export type ListPermissionsResponse = {
  /** The permission requests of this page */
  permissions: Array<PermissionRequest>
  pagination: Pagination
}

export type ListPresetVersionsResponse = {
  /** The name of the preset */
  name: string
  /** One page, newest first */
  versions: Array<Preset>
  pagination: Pagination
}

export type ListPresetsResponse = {
  /** One page by name, each with its newest version */
  presets: Array<Preset>
  pagination: Pagination
}

export type ListPushSubscriptionsResponse = {
  /** One page, oldest first */
  subscriptions: Array<PushSubscription>
  pagination: Pagination
}

export type ListSessionsResponse = {
  /** The sessions of this page */
  sessions: Array<SessionSummary>
  /** The number of all matches, not only of this page */
  total: number
  /** The `cursor` of the next page; null: this is the last page */
  nextCursor: string | null
}

export type ListTasksResponse = {
  /** Id of the session */
  sessionId: string
  /** The tasks of this page */
  tasks: Array<Task>
  pagination: Pagination
}

export type ListTurnsResponse = {
  /** Id of the session */
  sessionId: string
  /** The turns of this page */
  turns: Array<Turn>
  pagination: Pagination
}

export type ListWebhookDeliveriesResponse = {
  /** The webhook */
  webhookId: string
  /** One page, newest first */
  deliveries: Array<WebhookDelivery>
  pagination: Pagination
}

export type ListWebhooksResponse = {
  /** One page, oldest first */
  webhooks: Array<Webhook>
  pagination: Pagination
}

/** `stdio` starts a program and needs the server option `allowStdioMcpServers` (SDK option `mcpServers`) */
export type McpServer = {
  type: 'http'
  /** The query string is shown as `***` */
  url: string
  /** Sent with each request. Values are write-only: they are shown as `***` */
  headers?: Record<string, string> | undefined
  /** Timeout of one tool call in milliseconds; absent: Claude Code's default */
  timeout?: number | undefined
  /** Whether Claude sees all tools of the server from the start; the first turn then waits up to five seconds for them. Otherwise Claude finds the tools by searching */
  alwaysLoad?: boolean | undefined
} | {
  type: 'sse'
  /** The query string is shown as `***` */
  url: string
  /** Sent with each request. Values are write-only: they are shown as `***` */
  headers?: Record<string, string> | undefined
  /** Timeout of one tool call in milliseconds; absent: Claude Code's default */
  timeout?: number | undefined
  /** Whether Claude sees all tools of the server from the start; the first turn then waits up to five seconds for them. Otherwise Claude finds the tools by searching */
  alwaysLoad?: boolean | undefined
} | {
  type: 'stdio'
  /** The program to start */
  command: string
  /** Arguments of the program */
  args?: Array<string> | undefined
  /** Values are write-only: they are shown as `***` */
  env?: Record<string, string> | undefined
  /** Timeout of one tool call in milliseconds; absent: Claude Code's default */
  timeout?: number | undefined
  /** Whether Claude sees all tools of the server from the start; the first turn then waits up to five seconds for them. Otherwise Claude finds the tools by searching */
  alwaysLoad?: boolean | undefined
}

/** An MCP server and its connection */
export type McpServerState = {
  /** Name of the MCP server */
  name: string
  /** State of the connection; `pending`: not connected yet */
  status: 'connected' | 'failed' | 'needs-auth' | 'pending' | 'disabled'
  /** Why the server failed; secrets of its settings are removed */
  error: string | null
  /** A problem with a connected server, for example that Claude cannot use its tools */
  notice: string | null
  /** Where the server is configured: `dynamic`: in the session, `project`: in `.mcp.json` */
  scope: string | null
  /** `http`, `sse` or `stdio` */
  transport: string | null
  /** Name and version that the server reports; null while it is not connected */
  serverInfo: {
    /** Name */
    name: string
    /** Version */
    version: string
  } | null
  /** Tools of the server; empty while it is not connected */
  tools: Array<{
    /** The name on the server, without `mcp__<server>__` */
    name: string
    /** Description that the server reports; null: none */
    description: string | null
  }>
}

/** A model that a session can use */
export type ModelInfo = {
  /** The value for `model` of a session */
  id: string
  /** Name for people */
  name: string
  /** Description for people */
  description?: string | undefined
  /** The model that an alias stands for */
  resolvedModel?: string | undefined
  /** The values that `effort` takes; empty: none */
  effortLevels?: Array<Effort> | undefined
  /** Whether the model decides how much to think */
  adaptiveThinking?: boolean | undefined
  /** Whether thinking can be turned off */
  thinkingOff?: boolean | undefined
}

/** One model's share, including subagents */
export type ModelUsage = {
  /** Model id */
  model: string
  /** Input tokens, without those in the cache */
  inputTokens: number
  /** Output tokens */
  outputTokens: number
  /** Input tokens that were read from the cache */
  cacheReadInputTokens: number
  /** Input tokens that were written to the cache */
  cacheCreationInputTokens: number
  /** null: unknown */
  costUsd: number | null
  /** false: the cost of some tokens is unknown and not in `costUsd`, for example if the process died */
  costComplete: boolean
  /** The number of web searches */
  webSearchRequests: number
}

/** Structured output (SDK option `outputFormat`) */
export type OutputFormat = {
  type: 'json_schema'
  /** A JSON Schema (draft 7) with `type: "object"`, of at most 64 KiB, 32 levels and 10,000 values. At the top level, `oneOf`, `anyOf`, `allOf` and `$ref` are not allowed, and property names must be 1 to 64 letters, digits, `_`, `.` or `-`: the model's API refuses anything else. References must stay inside the schema. `format` is shown to the model but not validated */
  schema: Record<string, unknown>
}

/** The place of this page in the list */
export type Pagination = {
  /** The requested number of entries */
  limit: number
  /** The number of entries before this page */
  offset: number
  /** The number of all entries */
  total: number
  /** Whether there are entries after this page */
  hasMore: boolean
  /** The `cursor` of the next page, which continues after the last item even if items change meanwhile; null: this is the last page */
  nextCursor: string | null
}

export type PatchKeyRequest = {
  /** A name for people, as the audit log shows it */
  name?: string | undefined
  /** At most those of the caller */
  scopes?: Array<'sessions:read' | 'sessions:write' | 'permissions:answer' | 'workspace:read' | 'workspace:write' | 'usage:read' | 'admin'> | undefined
  /** Replaces all limits; null: none */
  limits?: CallerLimits | null | undefined
  /** When it stops being valid (ISO 8601); null: never */
  expiresAt?: string | null | undefined
}

export type PatchPresetRequest = {
  /** `true`: no new sessions and versions, and lists leave the preset out; `false`: it can be used again */
  archived?: boolean | undefined
}

export type PatchSessionRequest = {
  /** A title for people; null: none */
  title?: string | null | undefined
  /** The caller's data; at most 16 KiB as JSON */
  metadata?: Record<string, unknown> | undefined
  /** Replaces all tags. Can also be changed after the session has ended or expired */
  tags?: Array<string> | undefined
  /** Whether lists leave the session out; a new turn sets it to false. Can also be changed after the session has ended or expired */
  archived?: boolean | undefined
  /** Applies from the next turn; null: the default */
  model?: string | null | undefined
  /** Applies from the next turn */
  permissionMode?: PermissionMode | undefined
  /** Applies from the next turn; null: no limit */
  maxTurns?: number | null | undefined
  /** Applies from the next turn; null: the default */
  effort?: Effort | null | undefined
  /** All MCP servers, with their secrets; applies from the next turn; null: none */
  mcpServers?: Record<string, McpServer> | null | undefined
  /** All tools that the caller answers; applies from the next turn; null: none */
  clientTools?: Array<ClientTool> | null | undefined
  /** All hooks that the caller decides; applies from the next turn; null: none */
  clientHooks?: ClientHooks | null | undefined
  /** Applies from the next turn; null: no limit */
  maxBudgetUsd?: number | null | undefined
  /** Applies from the next turn; null: off */
  promptSuggestions?: boolean | null | undefined
  /** Applies from the next turn; null: off */
  titles?: 'claude' | 'off' | null | undefined
}

export type PatchWebhookRequest = {
  /** The receiver: an `https` address without user, password and fragment */
  url?: string | undefined
  /** The events that are delivered */
  events?: Array<'session.created' | 'session.expired' | 'session.ended' | 'conversation.lost' | 'workspace.restored' | 'permission.requested' | 'permission.resolved' | 'turn.completed' | 'turn.failed' | 'turn.interrupted' | 'turn.timed_out' | 'turn.lost' | 'webhook.disabled'> | undefined
  /** `false`: nothing more is sent, and pending deliveries fail. `true`: new events are delivered again, also after the server has disabled the webhook */
  enabled?: boolean | undefined
}

/** A tool call that was denied */
export type PermissionDenial = {
  /** Name of the tool */
  toolName: string
  /** Id of the tool call */
  toolUseId: string
  /** The input of the tool call */
  input: Record<string, unknown>
}

/** A request for input from an MCP server (MCP elicitation) */
export type PermissionElicitation = {
  /** Name of the MCP server */
  serverName: string
  /** What the server asks for */
  message: string
  /** `form`: fill in a form; `url`: open a page */
  mode: 'form' | 'url'
  /** The page for the person to open; mode `url` only */
  url?: string | undefined
  /** JSON Schema of the form; mode `form` only */
  requestedSchema?: Record<string, unknown> | undefined
}

/** `tool`: Claude wants to use a tool; `question`: it asks something (tool AskUserQuestion); `plan`: it proposes a plan (tool ExitPlanMode); `elicitation`: an MCP server asks a person for input; `client_tool`: Claude calls a tool of the caller (`clientTools`); `hook`: the caller decides about an event (`clientHooks`) */
export type PermissionKind = 'tool' | 'question' | 'plan' | 'elicitation' | 'client_tool' | 'hook'

/** What Claude Code may do without asking (SDK option `permissionMode`) */
export type PermissionMode = 'default' | 'acceptEdits' | 'bypassPermissions' | 'plan' | 'dontAsk' | 'auto'

/** A question from Claude */
export type PermissionQuestion = {
  /** The text of the question; the key in `answers` */
  question: string
  /** A short heading */
  header?: string | undefined
  /** Whether several options may be chosen */
  multiSelect?: boolean | undefined
  /** Answers to choose from */
  options: Array<{
    /** The answer */
    label: string
    /** What the answer means */
    description?: string | undefined
    [name: string]: unknown
  }>
  [name: string]: unknown
}

export type PermissionRequest = {
  /** Id of the permission request */
  permissionId: string
  /** Id of the session */
  sessionId: string
  /** null: background work asks */
  turnId: string | null
  kind: PermissionKind
  /** Name of the tool */
  toolName: string
  /** Id of the tool call; null: there is none, as for `elicitation` */
  toolUseId: string | null
  /** The subagent that asks; null: the main conversation */
  agentId: string | null
  /** The input of the tool call */
  input: Record<string, unknown>
  /** A text for people */
  title: string | null
  /** What the call does, for people; null: unknown */
  description: string | null
  /** Rules that `remember: { suggestions }` can allow for the rest of the session */
  suggestions: Array<PermissionSuggestion>
  /** The questions; kind `question` only */
  questions?: Array<PermissionQuestion> | undefined
  /** The plan in Markdown; kind `plan` only */
  plan?: string | undefined
  elicitation?: PermissionElicitation | undefined
  hook?: HookRequest | undefined
  /** ISO 8601, UTC, milliseconds */
  requestedAt: string
  /** ISO 8601, UTC, milliseconds */
  expiresAt: string
  status: PermissionStatus
  /** null: the request is pending */
  decidedAt: string | null
  /** The id of the API key that answered */
  decidedBy: string | null
  /** The message of the decision */
  message: string | null
  /** The input that the tool ran with instead of `input`; null: it ran with `input` */
  updatedInput: Record<string, unknown> | null
  /** Exactly what the answer allowed or changed for the rest of the session; empty: nothing */
  remembered: Array<PermissionSuggestion>
}

/** `answered`: a client tool or a hook was answered; `expired`: no answer came in time, so the request counts as denied; `withdrawn`: the turn or task that asked is over */
export type PermissionStatus = 'pending' | 'allowed' | 'denied' | 'answered' | 'expired' | 'withdrawn'

/** A change of rules that Claude Code suggests (SDK `PermissionUpdate`) */
export type PermissionSuggestion = {
  /** Kind of the change, such as `addRules` or `setMode` */
  type: string
  [name: string]: unknown
}

/** One version of a preset */
export type Preset = {
  /** The name of the preset */
  name: string
  /** The version that is shown */
  version: number
  /** The newest version */
  latestVersion: number
  /** Of this version; null: none */
  description: string | null
  /** The caller's data about this version */
  metadata: Record<string, unknown>
  configuration: PresetConfiguration
  /** Whether it can no longer be used for new sessions */
  archived: boolean
  /** When it was archived; null: it is not */
  archivedAt: string | null
  /** The tenant that the preset belongs to */
  tenant: string
  /** When the version was made */
  createdAt: string
  /** The id of the API key that made the version */
  createdBy: string
}

/** Fields of `POST /sessions` except `title`, `metadata` and `tags`, which belong to one session. What is left out has the default of the day on which a session is made. Secrets are write-only: they are shown as `***` */
export type PresetConfiguration = {
  /** Model id or alias; absent: Claude Code's default */
  model?: string | undefined
  /** Working directory; must lie inside an allowed root */
  cwd?: string | undefined
  workspace?: WorkspaceRequest | undefined
  permissionMode?: PermissionMode | undefined
  /** Text that is added to the system prompt (SDK option `systemPrompt.append`) */
  appendSystemPrompt?: string | undefined
  /** Agentic turns that one prompt may take; absent: unlimited */
  maxTurns?: number | undefined
  /** What happens when Claude Code needs permission: `deny` refuses at once, `ask` waits for an answer to the permission request (SDK option `permissionPrompts`) */
  permissionPrompts?: 'deny' | 'ask' | undefined
  /** Milliseconds after which an unanswered permission request is denied. Applies while `permissionPrompts` is `ask` */
  permissionTimeoutMs?: number | undefined
  /** Your own text (empty: none), or Claude Code's system prompt with an appendix; `appendSystemPrompt` is added to either (SDK option `systemPrompt`) */
  systemPrompt?: string | {
    type: 'preset'
    preset: 'claude_code'
    /** Text that is added to the system prompt */
    append?: string | undefined
    /** Whether user-specific parts move to the first message, so that more of the prompt is cached */
    excludeDynamicSections?: boolean | undefined
  } | undefined
  /** The built-in tools that Claude has; absent: Claude Code's default (SDK option `tools`) */
  tools?: Array<string> | undefined
  /** Tools, or rules such as `Bash(git *)`, that are allowed without asking (SDK option `allowedTools`) */
  allowedTools?: Array<string> | undefined
  /** Tools or rules that are denied (SDK option `disallowedTools`) */
  disallowedTools?: Array<string> | undefined
  /** More directories that Claude may work in, inside the allowed roots; shown with symbolic links resolved (SDK option `additionalDirectories`) */
  additionalDirectories?: Array<string> | undefined
  /** MCP servers by name (SDK option `mcpServers`) */
  mcpServers?: Record<string, McpServer> | undefined
  /** Tools that the caller answers */
  clientTools?: Array<ClientTool> | undefined
  clientHooks?: ClientHooks | undefined
  /** Subagents by name (SDK option `agents`) */
  agents?: Record<string, AgentDefinition> | undefined
  /** The skills that Claude is told about; absent: all (SDK option `skills`) */
  skills?: 'all' | Array<string> | undefined
  /** Settings files that take effect, as far as the server allows them; `project` and `local` only in directories that the server's owner trusts. Absent: no settings, only the instructions of the directories as text (`CLAUDE.md`, agents, skills, commands); `[]`: nothing at all (SDK option `settingSources`) */
  settingSources?: Array<SettingSource> | undefined
  effort?: Effort | undefined
  thinking?: Thinking | undefined
  /** The model that takes over while the model is overloaded (SDK option `fallbackModel`) */
  fallbackModel?: string | undefined
  /** What all turns of the session may cost together, in US dollars as estimated by Claude Code. The turn that reaches the limit ends with `stopReason: "budget"`; later turns are refused with `BUDGET_EXCEEDED` */
  maxBudgetUsd?: number | undefined
  /** Whether Claude Code suggests the next prompt after a turn: the event `suggestion` of streams with deltas. Each suggestion is a request to the model, mostly from its cache, and counts with the next turn. Absent: false (SDK option `promptSuggestions`) */
  promptSuggestions?: boolean | undefined
  /** Whether Claude Code gives the session a title: `claude` asks for one after a completed turn, as long as the session has none. Each title is a short request to the model, and counts with the next turn. Absent: `off` */
  titles?: 'claude' | 'off' | undefined
  outputFormat?: OutputFormat | undefined
  /** Environment variables for the Claude Code process, as far as the server allows them. Values are write-only: they are shown as `***` */
  agentEnv?: Record<string, string> | undefined
}

/** A text, or content blocks */
export type Prompt = string | Array<PromptBlock>

/** A content block of the Messages API, or a block that refers to an attachment of the session */
export type PromptBlock = {
  type: 'text'
  /** The text */
  text: string
} | {
  type: 'image'
  /** The image, or the attachment that has it */
  source: {
    type: 'base64'
    /** Type of the image */
    media_type: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'
    /** The image in base64 */
    data: string
  } | AttachmentSource
} | {
  type: 'document'
  /** Title that Claude sees */
  title?: string | undefined
  /** The document, or the attachment that has it */
  source: {
    type: 'base64'
    media_type: 'application/pdf'
    /** The PDF in base64 */
    data: string
  } | {
    type: 'text'
    media_type: 'text/plain'
    /** The text */
    data: string
  } | AttachmentSource
}

export type PushFailure = {
  /** The kind of failure, for programs; `gone`: the subscription was removed */
  reason: 'gone' | 'status' | 'redirect' | 'timeout' | 'unreachable' | 'address_refused' | 'secret_unreadable'
  /** What happened, for a person */
  message: string
}

export type PushKeyResponse = {
  /** The `applicationServerKey` of `pushManager.subscribe()`: 65 bytes in base64url */
  publicKey: string
}

export type PushSubscription = {
  /** The subscription */
  subscriptionId: string
  /** The host of the push service; the endpoint is not shown */
  service: string
  /** What it is told */
  events: Array<'request' | 'turn_ended'>
  /** Whether messages have the title of the session */
  includeTitle: boolean
  /** The only session that it is told of; null: all of the tenant */
  sessionId: string | null
  /** The id of the API key that created it */
  createdBy: string
  /** The tenant whose sessions it is told of */
  tenant: string
  /** When the subscription was created */
  createdAt: string
  /** Until then it has to be created again; null: it ends with its key, or when the push service says so */
  expiresAt: string | null
}

export type ReadinessResponse = {
  /** `starting`: the store is being opened; `draining`: the server shuts down; `store_unavailable`: the store cannot be written */
  status: 'ready' | 'starting' | 'draining' | 'store_unavailable'
  /** Only with a valid key */
  timestamp?: string | undefined
  /** Only with a valid key */
  checks?: {
    /** The database */
    store: {
      /** Whether the store can be read and written */
      status: 'ok' | 'failed'
      /** What is wrong, for people */
      message?: string | undefined
      /** Milliseconds since this was checked */
      ageMs?: number | undefined
    }
  } | undefined
}

export type RetryTurnRequest = {
  /** Milliseconds from acceptance until the turn times out; 0: no timeout. Absent: the failed turn's timeout */
  timeout?: number | undefined
  /** Return 202 at once, and run the turn in the background */
  background?: boolean | undefined
  /** What happens to the turn if the client disconnects before it has the answer */
  onDisconnect?: 'continue' | 'interrupt' | undefined
}

export type RewindSessionRequest = {
  /** The first turn that no longer counts: the session is rewound to the point before it */
  toTurnId: string
  /** Claude forgets this turn and all later ones */
  conversation?: boolean | undefined
  /** Restore the files that Claude changed in this turn or later */
  files?: boolean | undefined
  /** Also restore files that something else has changed since; those changes are lost */
  overwriteOthers?: boolean | undefined
  /** Only report what would change */
  dryRun?: boolean | undefined
}

export type RewindSessionResponse = {
  /** Id of the session */
  sessionId: string
  /** The first turn that no longer counts */
  toTurnId: string
  /** Whether nothing was changed, as requested */
  dryRun: boolean
  /** The turns that no longer count, oldest first; empty unless the conversation is rewound */
  turnIds: Array<string>
  /** null if `files` was false */
  files: RewoundFiles | null
}

/** The files that a rewind restores, and those that it does not */
export type RewoundFiles = {
  /** Files that were restored; with `dryRun`, files that would be */
  restored: Array<{
    /** Relative to the working directory; absolute outside it */
    path: string
    /** `modify`: the content is restored; `create`: the file exists again; `delete`: the file did not exist before */
    action: 'modify' | 'create' | 'delete'
    /** Added lines; null: not a text file */
    insertions: number | null
    /** Removed lines; null: not a text file */
    deletions: number | null
  }>
  /** Files that Claude has changed but that are not restored */
  skipped: Array<{
    /** Relative to the working directory; absolute outside it */
    path: string
    /** `changed_by_others`: something else has changed it since; `too_large`, `lost`: the earlier content is not available; `outside`: it is no longer inside the session's directories; `not_allowed`: programs are started from this file, and its directory is not trusted */
    reason: 'changed_by_others' | 'too_large' | 'lost' | 'outside' | 'not_writable' | 'not_allowed'
  }>
  /** Calls of Bash and MCP tools, at most 100. The files that they changed are not known and are not restored */
  untracked: Array<{
    /** Id of the turn */
    turnId: string
    /** Id of the tool call */
    toolUseId: string
    /** Name of the tool */
    toolName: string
    /** The beginning of the input as JSON */
    input: string
  }>
}

export type RotateKeyRequest = {
  /** How long the replaced key stays valid, in milliseconds; 0: not at all */
  graceMs?: number | undefined
}

export type RotateWebhookSecretRequest = {
  /** As in Standard Webhooks; absent: the server creates one */
  secret?: string | undefined
}

export type RotateWebhookSecretResponse = {
  /** The webhook */
  webhookId: string
  /** Shown only in this response */
  secret: string
  /** Until then, each delivery also has a signature of the previous secret */
  previousSecretUntil: string
}

export type SearchMatch = {
  /** Where it begins in `snippet`, in UTF-16 code units */
  start: number
  /** Where it ends, exclusive */
  end: number
}

export type SearchResponse = {
  /** Newest first. A page can have fewer than `limit`, or none, and be followed by another */
  results: Array<SearchResult>
  /** The `cursor` of the next page; null: this is the last page */
  nextCursor: string | null
}

export type SearchResult = {
  /** Id of the session */
  sessionId: string
  /** The title of the session; null: none */
  sessionTitle: string | null
  /** The turn; null: the title of the session was found */
  turnId: string | null
  /** The text that was found: the session's title, or the turn's prompt or response */
  field: 'title' | 'prompt' | 'answer'
  /** The part of the text around the first match, plain text on one line; `…` stands for what is left out */
  snippet: string
  /** The words that were found in the snippet, in their order */
  matches: Array<SearchMatch>
  /** When the prompt was accepted or the answer was complete; of a title, the last activity of the session before it was given */
  timestamp: string
}

export type SendMessageRequest = {
  prompt: Prompt
  /** Milliseconds from acceptance until the turn times out; 0: no timeout. Input that is steered into a running turn (`onBusy: "steer"`) is subject to the timeout of that turn */
  timeout?: number | undefined
  /** Send nothing, and return the URL of the stream endpoint */
  stream?: boolean | undefined
  /** Return 202 at once, and run the turn in the background */
  background?: boolean | undefined
  /** What to do if the session is running a turn: `queue` waits for it, `reject` returns 409, `interrupt` interrupts it and runs this prompt next, `steer` passes the prompt to the running turn as more input (like `queue` if that turn takes no more input) */
  onBusy?: 'queue' | 'reject' | 'interrupt' | 'steer' | undefined
  /** Whether a prompt that begins with `/` runs a slash command or a skill, and `@path` includes a file. Otherwise both are plain text. Refused: `/config`, `/settings`, `/autocompact`, `/auto-mode-setup`, `/heapdump`, `/insights` */
  commands?: boolean | undefined
  /** What happens to the turn if the client disconnects; absent: `continue`, or with `stream` the stream endpoint's default */
  onDisconnect?: 'continue' | 'interrupt' | undefined
}

export type SendMessageResponse = {
  /** Id of the last assistant message */
  messageId: string | null
  /** The final text */
  response: string
  /** Claude Code's id of the conversation, same as `claudeSessionId`. Only here and in `complete`, `sessionId` is not the id of the API's session. Use `claudeSessionId`, or the id in the path */
  sessionId: string
  /** Claude Code's id of the conversation */
  claudeSessionId: string
  /** Id of the turn */
  turnId: string
  stopReason: StopReason
  usage: Usage | null
  /** The cost of this turn in US dollars, as estimated by Claude Code; null: unknown */
  costUsd: number | null
  /** Milliseconds from start to end */
  durationMs: number
  /** Tool calls that were denied: by rules, by the permission mode, by a person, or because `permissionPrompts` is `deny`; absent: none */
  permissionDenials?: Array<PermissionDenial> | undefined
  /** The answer as data that matches the session's `outputFormat`; absent without `outputFormat` */
  structuredOutput?: unknown | undefined
  /** Texts of Claude Code itself, such as hook output or an error, which are not part of `response`; absent: none */
  notice?: string | undefined
  ending?: TurnEnding | undefined
}

export type Session = {
  /** Id of the session */
  sessionId: string
  /** null until known, if none was requested */
  model: string | null
  status: SessionStatus
  /** ISO 8601, UTC, milliseconds */
  createdAt: string
  /** ISO 8601, UTC, milliseconds */
  expiresAt: string
  /** The tenant that the session belongs to */
  tenant: string
  /** The id of the API key that created it */
  createdBy: string
  /** The caller's data */
  metadata: Record<string, unknown>
  /** A title for people; null: none */
  title: string | null
  /** Who gave the title: `claude` (the setting `titles`) or `caller`; null: there is none */
  titleSource: TitleSource | null
  /** The tags, in the order in which they were given */
  tags: Array<string>
  /** Whether lists leave the session out unless asked for it */
  archived: boolean
  state: SessionState
  /** When a turn was last accepted or ended; before the first one, when the session was created */
  lastActivity: string
  /** The known cost of all turns and autonomous work in US dollars, as estimated by Claude Code; a running turn counts when it ends or is suspended */
  costUsd: number
  /** The number of permission requests that wait for an answer */
  openRequests: number
  /** The turn that was accepted last; null: there is none */
  lastTurn: LastTurn | null
  /** The session that this one was forked from; null: it began empty */
  forkedFrom: ForkedFrom | null
  /** The preset that the session was made of; null: none. Forks keep it */
  preset: UsedPreset | null
  /** The number of running background tasks, with or without a running turn; see `GET .../tasks` */
  backgroundTasks: number
  /** The number of stored messages; messages that retention has removed do not count */
  messageCount: number
  /** The configuration as requested, with defaults */
  config: {
    /** The working directory */
    cwd: string
    permissionMode: PermissionMode
    /** The requested model */
    model: string | null
    /** Text that is added to the system prompt; null: none */
    appendSystemPrompt: string | null
    /** Agentic turns that one prompt may take; null: unlimited */
    maxTurns: number | null
    /** What happens when Claude Code needs permission: `deny` refuses at once, `ask` waits for an answer to the permission request (SDK option `permissionPrompts`) */
    permissionPrompts: 'deny' | 'ask'
    /** Milliseconds after which an unanswered permission request is denied. Applies while `permissionPrompts` is `ask` */
    permissionTimeoutMs: number
    /** Your own text (empty: none), or Claude Code's system prompt with an appendix; `appendSystemPrompt` is added to either (SDK option `systemPrompt`) */
    systemPrompt?: string | {
      type: 'preset'
      preset: 'claude_code'
      /** Text that is added to the system prompt */
      append?: string | undefined
      /** Whether user-specific parts move to the first message, so that more of the prompt is cached */
      excludeDynamicSections?: boolean | undefined
    } | undefined
    /** The built-in tools that Claude has; absent: Claude Code's default (SDK option `tools`) */
    tools?: Array<string> | undefined
    /** Tools, or rules such as `Bash(git *)`, that are allowed without asking (SDK option `allowedTools`) */
    allowedTools?: Array<string> | undefined
    /** Tools or rules that are denied (SDK option `disallowedTools`) */
    disallowedTools?: Array<string> | undefined
    /** More directories that Claude may work in, inside the allowed roots; shown with symbolic links resolved (SDK option `additionalDirectories`) */
    additionalDirectories?: Array<string> | undefined
    /** MCP servers by name (SDK option `mcpServers`) */
    mcpServers?: Record<string, McpServer> | undefined
    /** Tools that the caller answers */
    clientTools?: Array<ClientTool> | undefined
    clientHooks?: ClientHooks | undefined
    /** Subagents by name (SDK option `agents`) */
    agents?: Record<string, AgentDefinition> | undefined
    /** The skills that Claude is told about; absent: all (SDK option `skills`) */
    skills?: 'all' | Array<string> | undefined
    /** Settings files that take effect, as far as the server allows them; `project` and `local` only in directories that the server's owner trusts. Absent: no settings, only the instructions of the directories as text (`CLAUDE.md`, agents, skills, commands); `[]`: nothing at all (SDK option `settingSources`) */
    settingSources?: Array<SettingSource> | undefined
    effort?: Effort | undefined
    thinking?: Thinking | undefined
    /** The model that takes over while the model is overloaded (SDK option `fallbackModel`) */
    fallbackModel?: string | undefined
    /** What all turns of the session may cost together, in US dollars as estimated by Claude Code. The turn that reaches the limit ends with `stopReason: "budget"`; later turns are refused with `BUDGET_EXCEEDED` */
    maxBudgetUsd?: number | undefined
    /** Whether Claude Code suggests the next prompt after a turn: the event `suggestion` of streams with deltas. Each suggestion is a request to the model, mostly from its cache, and counts with the next turn. Absent: false (SDK option `promptSuggestions`) */
    promptSuggestions?: boolean | undefined
    /** Whether Claude Code gives the session a title: `claude` asks for one after a completed turn, as long as the session has none. Each title is a short request to the model, and counts with the next turn. Absent: `off` */
    titles?: 'claude' | 'off' | undefined
    outputFormat?: OutputFormat | undefined
    /** Environment variables for the Claude Code process, as far as the server allows them. Values are write-only: they are shown as `***` */
    agentEnv?: Record<string, string> | undefined
  }
  settingsInForce: SettingsInForce
  workspace: Workspace
  /** The current directory of Claude's shell: `config.cwd`, or the directory that a command or a worktree has changed to. A new process starts in `config.cwd` again, or in the worktree, and Claude is told so */
  workingDirectory: string
  /** Claude Code's id of the conversation */
  claudeSessionId: string
  /** Whether the store has everything that is needed to resume the conversation; `incomplete`: Claude Code's own files are needed too */
  transcript: 'complete' | 'incomplete'
  /** The sequence of the log's newest event */
  lastSequence: number
}

/** What an active session is doing; also `running` during autonomous work after a background task; `idle` if the session has expired or ended */
export type SessionState = 'idle' | 'running' | 'requires_action'

/** Whether the session takes prompts */
export type SessionStatus = 'active' | 'expired' | 'ended'

export type SessionSummary = {
  /** Id of the session */
  sessionId: string
  /** null until known, if none was requested */
  model: string | null
  status: SessionStatus
  /** ISO 8601, UTC, milliseconds */
  createdAt: string
  /** ISO 8601, UTC, milliseconds */
  expiresAt: string
  /** The tenant that the session belongs to */
  tenant: string
  /** The id of the API key that created it */
  createdBy: string
  /** The caller's data */
  metadata: Record<string, unknown>
  /** A title for people; null: none */
  title: string | null
  /** Who gave the title: `claude` (the setting `titles`) or `caller`; null: there is none */
  titleSource: TitleSource | null
  /** The tags, in the order in which they were given */
  tags: Array<string>
  /** Whether lists leave the session out unless asked for it */
  archived: boolean
  state: SessionState
  /** When a turn was last accepted or ended; before the first one, when the session was created */
  lastActivity: string
  /** The known cost of all turns and autonomous work in US dollars, as estimated by Claude Code; a running turn counts when it ends or is suspended */
  costUsd: number
  /** The number of permission requests that wait for an answer */
  openRequests: number
  /** The turn that was accepted last; null: there is none */
  lastTurn: LastTurn | null
  /** The session that this one was forked from; null: it began empty */
  forkedFrom: ForkedFrom | null
  /** The preset that the session was made of; null: none. Forks keep it */
  preset: UsedPreset | null
  /** The working directory */
  cwd: string
  /** The git branch of a worktree, or the branch or tag that was requested for a clone; null: not known */
  branch: string | null
}

export type SessionUsage = {
  /** Id of the session */
  sessionId: string
  /** Turns that have started */
  turns: number
  /** The sum of the durations of turns and autonomous work; a running turn counts up to now */
  activeMs: number
  /** All known tokens */
  tokens: Usage
  /** false: the tokens of some turn (a running or lost one) or of some autonomous work are not known */
  tokensComplete: boolean
  /** The known cost in US dollars, as estimated by Claude Code */
  costUsd: number
  /** false: some cost is not known and not in `costUsd`: of a turn that is running, was lost, was interrupted before its answer began, or whose process died; or of such autonomous work */
  costComplete: boolean
  /** The part of these sums that belongs to no turn: autonomous work after background tasks */
  betweenTurns: {
    /** How often Claude continued on its own */
    times: number
    /** The sum of the durations */
    activeMs: number
    tokens: Usage
    /** The known cost in US dollars */
    costUsd: number
  }
  /** The same per model, highest cost first; turns whose share is not known are left out */
  models: Array<ModelUsage>
}

/** A settings file of Claude Code: of the user, of the project, or local to this copy of the project */
export type SettingSource = 'user' | 'project' | 'local'

/** The settings files and instructions that take effect */
export type SettingsInForce = {
  /** The settings files that take effect; `config.settingSources` has the requested ones */
  settingSources: Array<SettingSource>
  /** Whether the server reads the instructions of the directories as text: `CLAUDE.md`, agents, skills and commands. false if Claude Code reads them itself, or if they are off */
  instructions: boolean
  /** Whether the server's owner trusts all the session's directories */
  trusted: boolean
}

export type ShownKey = {
  /** The part of the key that is public: `createdBy` and logs have it */
  keyId: string
  /** The beginning of the key, to recognize it by */
  prefix: string
  /** A name for people, as the audit log shows it */
  name: string
  /** The tenant that the key belongs to */
  tenant: string
  /** What the key allows */
  scopes: Array<'sessions:read' | 'sessions:write' | 'permissions:answer' | 'workspace:read' | 'workspace:write' | 'usage:read' | 'admin'>
  /** The only session that it opens; null: all of the tenant */
  sessionId: string | null
  /** The limits of this key; those of its tenant apply as well */
  limits: CallerLimits
  /** `expired`: `expiresAt` has come; `revoked`: it was deleted */
  status: 'active' | 'expired' | 'revoked'
  /** ISO 8601, UTC, milliseconds */
  createdAt: string
  /** The id of the API key that created it */
  createdBy: string
  /** When it stops being valid; null: never */
  expiresAt: string | null
  /** When it was revoked; null: it was not */
  revokedAt: string | null
  /** When it was last used, to about a minute; null: never */
  lastUsedAt: string | null
  /** Until when the key that was replaced last stays valid; null: it is not valid */
  previousValidUntil: string | null
  /** The key itself, shown only here: `ccak_`, 12 characters of `keyId`, `_`, and 46 letters and digits of which the last six are a checksum */
  key: string
}

/** Why the turn ended. `blocked`: a hook blocked the prompt, and Claude never saw it; `stopped_by_hook`: a hook ended the turn; `max_tokens`, `stop_sequence`, `pause_turn`, `compaction`, `model_context_window_exceeded`: the stop reason of the model; `unknown`: a value that this server does not know, see `ending`. docs/turn-states.md lists all values */
export type StopReason = 'end_turn' | 'max_turns' | 'budget' | 'refusal' | 'interrupted' | 'blocked' | 'stopped_by_hook' | 'stop_sequence' | 'max_tokens' | 'model_context_window_exceeded' | 'pause_turn' | 'compaction' | 'tool_deferred' | 'background_requested' | 'unknown'

/** One record of the conversation */
export type StoredMessage = {
  /** Id of the message */
  id: string
  /** Type of the message, such as `user`, `assistant`, `system` or `result` */
  type: string
  /** Subtype of the message, such as `init`; null: none */
  subtype: string | null
  /** The whole message, as Claude Code sent it */
  content: Record<string, unknown>
  /** Position of the message in the session's log */
  sequence: number
  /** ISO 8601, UTC, milliseconds */
  timestamp: string
  /** `user`: from the API's caller; `sdk`: from Claude Code */
  source: 'user' | 'sdk'
  /** Claude Code wrote this message of type `user` itself, such as the feedback of a hook, a request to continue, or the summary of a compaction; absent: false */
  synthetic?: true | undefined
  /** In the shared past of a fork: a turn of the original */
  turnId: string | null
  /** The conversation was rewound to a point before it; absent: it still counts */
  rewound?: true | undefined
}

/** Everything up to this sequence has been sent; what follows is live */
export type StreamCaughtUp = {
  /** Id of the session */
  sessionId: string
  /** The sequence of the last stored event */
  sequence: number
}

/** The server is shutting down; nothing follows */
export type StreamClosing = {
  /** Id of the session */
  sessionId: string
}

export type StreamComplete = {
  /** The final text */
  summary: string
  /** Claude Code's id of the conversation, same as `claudeSessionId`. Only here and in `complete`, `sessionId` is not the id of the API's session. Use `claudeSessionId`, or the id in the path */
  sessionId: string
  /** Claude Code's id of the conversation */
  claudeSessionId: string
  /** Id of the turn */
  turnId: string
  stopReason: StopReason
  usage: Usage | null
  /** The cost of this turn in US dollars, as estimated by Claude Code; null: unknown */
  costUsd: number | null
  /** Milliseconds from start to end */
  durationMs: number
  /** Tool calls that were denied: by rules, by the permission mode, by a person, or because `permissionPrompts` is `deny`; absent: none */
  permissionDenials?: Array<PermissionDenial> | undefined
  /** The answer as data that matches the session's `outputFormat`; absent without `outputFormat` */
  structuredOutput?: unknown | undefined
  /** Texts of Claude Code itself, such as hook output or an error, which are not part of `response`; absent: none */
  notice?: string | undefined
  ending?: TurnEnding | undefined
}

export type StreamConnected = {
  /** Id of the session */
  sessionId: string
  /** Id of the turn */
  turnId: string
}

export type StreamError = {
  /** A text for people; programs read `code` */
  error: string
  /** The error code */
  code: 'INVALID_REQUEST' | 'MISSING_API_KEY' | 'BUDGET_EXCEEDED' | 'SPEND_LIMIT_REACHED' | 'INVALID_API_KEY' | 'SCOPE_REQUIRED' | 'TENANT_NOT_ALLOWED' | 'GRANT_NOT_ALLOWED' | 'CWD_NOT_ALLOWED' | 'PERMISSION_MODE_NOT_ALLOWED' | 'SETTING_NOT_ALLOWED' | 'PATH_NOT_ALLOWED' | 'WORKSPACE_NOT_ALLOWED' | 'ORIGIN_NOT_ALLOWED' | 'KEY_REQUIRED' | 'CSRF_TOKEN_INVALID' | 'NOT_FOUND' | 'SESSION_NOT_FOUND' | 'TURN_NOT_FOUND' | 'PERMISSION_REQUEST_NOT_FOUND' | 'ATTACHMENT_NOT_FOUND' | 'FILE_NOT_FOUND' | 'MCP_SERVER_NOT_FOUND' | 'TASK_NOT_FOUND' | 'KEY_NOT_FOUND' | 'WEBHOOK_NOT_FOUND' | 'WEBHOOK_DELIVERY_NOT_FOUND' | 'PUSH_SUBSCRIPTION_NOT_FOUND' | 'PRESET_NOT_FOUND' | 'METHOD_NOT_ALLOWED' | 'REQUEST_TIMEOUT' | 'SESSION_BUSY' | 'IDEMPOTENCY_IN_FLIGHT' | 'TURN_NOT_IN_CONVERSATION' | 'TURN_NOT_RETRYABLE' | 'TRANSCRIPT_INCOMPLETE' | 'PERMISSION_ALREADY_RESOLVED' | 'ATTACHMENT_IN_USE' | 'KEY_REVOKED' | 'KEY_LIMIT_REACHED' | 'LAST_ADMINISTRATOR' | 'WEBHOOK_DISABLED' | 'WEBHOOK_LIMIT_REACHED' | 'PUSH_SUBSCRIPTION_LIMIT_REACHED' | 'SESSION_ID_TAKEN' | 'PRESET_EXISTS' | 'PRESET_ARCHIVED' | 'PRESET_VERSION_CONFLICT' | 'PRESET_SECRETS_UNREADABLE' | 'PRESET_LIMIT_REACHED' | 'SESSION_EXPIRED' | 'SESSION_ENDED' | 'PRECONDITION_FAILED' | 'PAYLOAD_TOO_LARGE' | 'ATTACHMENT_LIMIT_REACHED' | 'UNSUPPORTED_MEDIA_TYPE' | 'BODY_ALREADY_READ' | 'RANGE_NOT_SATISFIABLE' | 'HOST_NOT_ALLOWED' | 'IDEMPOTENCY_KEY_REUSED' | 'WORKSPACE_FAILED' | 'MAX_SESSIONS_REACHED' | 'TURN_QUEUE_FULL' | 'RATE_LIMIT_EXCEEDED' | 'MODEL_RATE_LIMITED' | 'CALLER_LIMIT_REACHED' | 'SESSION_CREATE_FAILED' | 'LIST_SESSIONS_FAILED' | 'GET_SESSION_FAILED' | 'END_SESSION_FAILED' | 'MESSAGE_SEND_FAILED' | 'GET_MESSAGES_FAILED' | 'SSE_SETUP_FAILED' | 'INTERNAL' | 'AGENT_UNAVAILABLE' | 'MODEL_OVERLOADED' | 'SERVER_LIMIT_REACHED' | 'STORE_UNAVAILABLE' | 'IDENTITY_PROVIDER_UNAVAILABLE' | 'NODE_UNAVAILABLE' | 'WORKSPACE_UNAVAILABLE' | 'SHUTTING_DOWN'
  /** Facts about the error; docs/errors.md lists them by code */
  details?: Record<string, unknown> | undefined
  /** Whether the same request can succeed later */
  retryable: boolean
  /** `same_key`: send the request again, with the same Idempotency-Key if it had one; `new_key`: the turn failed, and the same key would return that failure: use `POST /sessions/:id/turns/:turnId/retry`, or a new key; `never`: the same request would fail again */
  retry: 'same_key' | 'new_key' | 'never'
  /** Id of the turn */
  turnId: string
}

/** The range of sequences that retention has removed, both ends inclusive */
export type StreamGap = {
  /** Id of the session */
  sessionId: string
  /** The first removed sequence */
  from: number
  /** The last removed sequence */
  to: number
}

export type StreamMessageRequest = {
  prompt: Prompt
  /** Milliseconds from acceptance until the turn times out; 0: no timeout. Input that is steered into a running turn (`onBusy: "steer"`) is subject to the timeout of that turn */
  timeout?: number | undefined
  /** What to do if the session is running a turn: `queue` waits for it, `reject` returns 409, `interrupt` interrupts it and runs this prompt next, `steer` passes the prompt to the running turn as more input (like `queue` if that turn takes no more input) */
  onBusy?: 'queue' | 'reject' | 'interrupt' | 'steer' | undefined
  /** Also send what is only live: `delta` and `delta.voided` (pieces of messages), `activity` */
  includeDeltas?: boolean | undefined
  /** `raw`: messages as Claude Code sends them; `compact`: what a person reads of them (`CompactMessage`). Messages with nothing to read are left out, so a page may have fewer than `limit` */
  view?: 'raw' | 'compact' | undefined
  /** Whether a prompt that begins with `/` runs a slash command or a skill, and `@path` includes a file. Otherwise both are plain text. Refused: `/config`, `/settings`, `/autocompact`, `/auto-mode-setup`, `/heapdump`, `/insights` */
  commands?: boolean | undefined
  /** What happens to the turn if the client disconnects before the stream ends */
  onDisconnect?: 'interrupt' | 'continue' | undefined
}

/** The request that streams the answer */
export type StreamPointer = {
  /** A text for people */
  message: string
  /** URL of the stream endpoint */
  streamUrl: string
  /** Method of the request to send */
  method: 'POST'
  /** Headers of the request to send, besides the API key */
  headers: {
    /** Media type of the body */
    'Content-Type': string
    /** Media type of the stream */
    Accept: string
    /** The key of this request, if it had one */
    'Idempotency-Key'?: string | undefined
  }
  /** Body of the request to send */
  body: {
    prompt: Prompt
    /** As in this request */
    timeout: number
    /** As in this request */
    commands?: boolean | undefined
    /** As in this request */
    onBusy?: string | undefined
    /** As in this request */
    onDisconnect?: string | undefined
  }
}

/** A prompt that the person might send next, for sessions with `promptSuggestions`. It can come before or after the end of its turn, and counts until the next turn is queued. A reader that joins later gets the last one */
export type SuggestionEvent = {
  /** The turn that it follows */
  turnId: string
  /** The prompt */
  text: string
}

/** A background task, which can outlive the turn that started it */
export type Task = {
  /** Id of the background task */
  taskId: string
  /** `local_bash`: a command; `local_agent`: a subagent */
  type: string
  /** What the task does, for people */
  description: string
  status: TaskStatus
  /** The turn that started the task; null: it was started outside of any turn */
  turnId: string | null
  /** The tool call that started the task */
  toolUseId: string | null
  /** The name of the subagent, if the task is one */
  agent: string | null
  /** The summary that the task gave at its end */
  summary: string | null
  /** ISO 8601, UTC, milliseconds */
  startedAt: string
  /** null: the task is running */
  endedAt: string | null
}

/** `stopped`: by a call, by Claude, or because its process was ended; `lost`: its process died */
export type TaskStatus = 'running' | 'completed' | 'failed' | 'stopped' | 'lost'

export type TestPushResponse = {
  /** The subscription */
  subscriptionId: string
  /** Whether the push service has accepted the message */
  delivered: boolean
  /** The HTTP status of the push service's response; null: there was none */
  responseStatus: number | null
  /** null: it did not fail */
  failure: PushFailure | null
}

/** Whether Claude thinks before it answers (SDK option `thinking`) */
export type Thinking = {
  type: 'adaptive'
} | {
  type: 'enabled'
  /** For models that do not decide on their own how much to think */
  budgetTokens: number
} | {
  type: 'disabled'
}

export type Ticket = {
  /** The value for `ticket` in the query of `GET /sessions/:id/events` or `GET /events`; works once */
  ticket: string
  /** Until when it can be redeemed: for 30 seconds */
  expiresAt: string
}

/** Who gave a title */
export type TitleSource = 'claude' | 'caller'

/** One prompt, and everything until Claude is done with it */
export type Turn = {
  /** Id of the turn */
  turnId: string
  /** Id of the session */
  sessionId: string
  status: TurnStatus
  prompt: Prompt
  /** Slash commands and file mentions in the prompt were processed; absent: they were plain text */
  commands?: true | undefined
  /** Claude's final answer: the text of its last message, including all parts of an answer that was cut off and continued. Also present for turns that failed or were interrupted; null: no text, or the turn has not ended */
  response: string | null
  stopReason: StopReason | null
  error: TurnError | null
  usage: Usage | null
  /** The cost of this turn in US dollars, as estimated by Claude Code */
  costUsd: number | null
  /** The share of each model; null: unknown */
  modelUsage: Array<ModelUsage> | null
  /** ISO 8601, UTC, milliseconds */
  createdAt: string
  /** The id of the API key that created it */
  createdBy: string
  /** null: the turn has not started */
  startedAt: string | null
  /** null: the turn has not ended */
  endedAt: string | null
  /** Milliseconds from start to end */
  durationMs: number | null
  /** Position of the turn's first event in the session's log; null: none yet */
  firstSequence: number | null
  /** Position of the turn's last event in the session's log; null: none yet */
  lastSequence: number | null
  /** Tool calls that were denied: by rules, by the permission mode, by a person, or because `permissionPrompts` is `deny`; absent: none */
  permissionDenials?: Array<PermissionDenial> | undefined
  /** The answer as data that matches the session's `outputFormat`; absent without `outputFormat` */
  structuredOutput?: unknown | undefined
  /** Texts of Claude Code itself, such as hook output or an error, which are not part of `response`; absent: none */
  notice?: string | undefined
  ending?: TurnEnding | undefined
  /** The conversation was rewound to a point before it; absent: it still counts */
  rewound?: true | undefined
}

/** How the turn ended, in Claude Code's own values, for logs and reports. Undocumented values may occur; programs read `stopReason` and the reason of the error */
export type TurnEnding = {
  /** `subtype` of Claude Code's result */
  subtype?: string | undefined
  /** `terminal_reason` of Claude Code's result */
  terminalReason?: string | undefined
  /** The model's stop reason */
  stopReason?: string | undefined
  /** The decision of hooks on the prompt */
  promptOutcome?: string | undefined
  /** Why hooks gave no verdict on the prompt */
  noVerdict?: string | undefined
  /** Claude Code's name for the error */
  error?: string | undefined
  /** Claude Code's name for the error of the model's API */
  apiError?: string | undefined
  /** `error.type` of the model's API */
  apiErrorType?: string | undefined
  /** The HTTP status of the model's API */
  apiErrorStatus?: number | undefined
}

/** Why the turn failed, and whether a retry can help */
export type TurnError = {
  /** The error code */
  code: 'MESSAGE_SEND_FAILED' | 'AGENT_UNAVAILABLE' | 'MODEL_OVERLOADED' | 'MODEL_RATE_LIMITED' | 'SPEND_LIMIT_REACHED'
  /** Why the turn failed; docs/errors.md explains each reason */
  reason: 'authentication_failed' | 'billing_error' | 'rate_limited' | 'overloaded' | 'invalid_request' | 'model_not_found' | 'model_error' | 'max_output_tokens' | 'prompt_too_long' | 'media_rejected' | 'tool_unavailable' | 'turn_setup_failed' | 'hook_failed' | 'process_died' | 'process_unresponsive' | 'output_too_large' | 'not_installed' | 'not_logged_in' | 'start_failed' | 'cwd_missing' | 'setting_not_supported' | 'isolation_failed' | 'workspace_too_large' | 'structured_output_failed' | 'secrets_unreadable' | 'spend_limit_reached' | 'cancelled' | 'lost' | 'unknown'
  /** A text for people */
  message: string
  /** When the model's API accepts requests again; absent: unknown */
  retryAt?: string | undefined
  /** Whether the same request can succeed later */
  retryable: boolean
  /** `same_key`: send the request again, with the same Idempotency-Key if it had one; `new_key`: the turn failed, and the same key would return that failure: use `POST /sessions/:id/turns/:turnId/retry`, or a new key; `never`: the same request would fail again */
  retry: 'same_key' | 'new_key' | 'never'
}

/** `lost`: the server ended while the turn ran, and its outcome is unknown; it is never run again automatically */
export type TurnStatus = 'queued' | 'running' | 'requires_action' | 'completed' | 'failed' | 'interrupted' | 'timed_out' | 'lost' | 'cancelled'

/** Tokens of this turn, over all models that it used */
export type Usage = {
  /** Input tokens, without those in the cache */
  inputTokens: number
  /** Output tokens */
  outputTokens: number
  /** Input tokens that were read from the cache */
  cacheReadInputTokens: number
  /** Input tokens that were written to the cache */
  cacheCreationInputTokens: number
}

export type UsageReport = {
  /** The first day (UTC) */
  from: string
  /** The last day (UTC), included */
  to: string
  /** The groups of this page */
  rows: Array<UsageRow>
  /** The `cursor` of the next page; null: this is the last page */
  nextCursor: string | null
}

/** The usage of a group; it has the fields that `groupBy` names */
export type UsageRow = {
  /** The day (UTC) on which turns ended */
  day?: string | undefined
  /** The id of the API key that is charged */
  key?: string | undefined
  /** Id of the session */
  sessionId?: string | undefined
  /** The model; null: the usage whose model is not known */
  model?: string | null | undefined
  /** The tenant */
  tenant?: string | undefined
  /** Turns that have ended; absent by model, because a turn can use several */
  turns?: number | undefined
  /** How often Claude continued on its own between turns; absent by model */
  autonomousWork?: number | undefined
  /** The sum of the durations of turns and autonomous work; absent by model */
  activeMs?: number | undefined
  /** All known tokens */
  tokens: Usage
  /** false: the tokens of some turn or work are not known */
  tokensComplete: boolean
  /** The known cost in US dollars, as estimated by Claude Code, in millionths */
  costUsd: number
  /** false: some cost is not known and not in `costUsd` */
  costComplete: boolean
  /** Web searches */
  webSearchRequests: number
}

export type UsedPreset = {
  /** The name of the preset */
  name: string
  /** The version that was used */
  version: number
}

export type Webhook = {
  /** The webhook */
  webhookId: string
  /** The query string is shown as `***` */
  url: string
  /** The events that are delivered */
  events: Array<'session.created' | 'session.expired' | 'session.ended' | 'conversation.lost' | 'workspace.restored' | 'permission.requested' | 'permission.resolved' | 'turn.completed' | 'turn.failed' | 'turn.interrupted' | 'turn.timed_out' | 'turn.lost' | 'webhook.disabled'>
  /** Whether new events are delivered */
  enabled: boolean
  /** null: it is enabled */
  disabledReason: WebhookDisabledReason | null
  /** null: it is enabled */
  disabledAt: string | null
  /** The id of the API key that created it */
  createdBy: string
  /** The tenant whose events it gets */
  tenant: string
  /** When the webhook was created */
  createdAt: string
  /** When a delivery last succeeded */
  lastDeliveredAt: string | null
}

export type WebhookDelivery = {
  /** The header `webhook-id`, the same for each attempt and redelivery */
  deliveryId: string
  /** The webhook */
  webhookId: string
  /** Where the delivery stands */
  status: WebhookDeliveryStatus
  /** Since the event, or since the last redelivery */
  attempts: number
  /** The HTTP status of the last attempt's response */
  responseStatus: number | null
  /** null: the last attempt did not fail */
  failure: WebhookDeliveryFailure | null
  /** When the event happened */
  createdAt: string
  /** null: not attempted yet */
  lastAttemptAt: string | null
  /** null: no attempt follows */
  nextAttemptAt: string | null
  payload: WebhookPayload
}

/** Why the last attempt failed */
export type WebhookDeliveryFailure = {
  /** The kind of failure, for programs */
  reason: 'status' | 'redirect' | 'timeout' | 'unreachable' | 'address_refused' | 'secret_unreadable' | 'webhook_disabled'
  /** What happened, for a person */
  message: string
}

/** `delivered`: the receiver responded with 2xx; `failed`: it is not attempted anymore */
export type WebhookDeliveryStatus = 'pending' | 'delivered' | 'failed'

/** `requested`: by `PATCH`; `failing`: a delivery failed for a day, and none succeeded meanwhile; `gone`: the receiver responded with 410 */
export type WebhookDisabledReason = 'requested' | 'failing' | 'gone'

/** The body that the receiver gets */
export type WebhookPayload = {
  /** The event */
  type: 'session.created' | 'session.expired' | 'session.ended' | 'conversation.lost' | 'workspace.restored' | 'permission.requested' | 'permission.resolved' | 'turn.completed' | 'turn.failed' | 'turn.interrupted' | 'turn.timed_out' | 'turn.lost' | 'webhook.disabled' | 'webhook.ping'
  /** When the event happened */
  timestamp: string
  /** Ids and outcome, by the type */
  data: Record<string, unknown>
}

/** Where the session works */
export type Workspace = DirectoryWorkspace | EmptyWorkspace | GitWorkspace | WorktreeWorkspace

/** Where the session works, instead of `cwd`; a `cwd` is the type `directory` */
export type WorkspaceRequest = DirectoryWorkspaceRequest | EmptyWorkspaceRequest | GitWorkspaceRequest | WorktreeWorkspaceRequest

export type WorktreeWorkspace = {
  type: 'worktree'
  /** The absolute path of the working directory */
  path: string
  /** The directory of the repository */
  repository: string
  /** The branch that is checked out */
  branch: string
  /** The requested start of the branch; null: none */
  base: string | null
  /** The commit that was checked out */
  commit: string
  /** Whether the branch was created for the session */
  createdBranch: boolean
  /** Whether the directory is removed after the session has ended or expired */
  removeOnEnd: boolean
  /** Whether the branch is deleted with the directory */
  deleteBranch: boolean
}

/** A worktree of a local repository */
export type WorktreeWorkspaceRequest = {
  type: 'worktree'
  /** A directory of a git repository, inside an allowed root */
  repository: string
  /** Created from `base` if it does not exist; absent: `claude/` and the beginning of the session id */
  branch?: unknown & unknown | undefined
  /** The start of a new branch; absent: the commit that the repository has checked out */
  base?: string | undefined
  /** Whether to remove the directory after the session has ended or expired */
  removeOnEnd?: boolean | undefined
  /** Whether to delete a branch that was created for the session together with the worktree, including commits that are on no other branch; requires `removeOnEnd` */
  deleteBranch?: boolean | undefined
}

export type WrittenFile = {
  /** Relative to the working directory; absolute outside it */
  path: string
  /** Size of the content in bytes */
  sizeBytes: number
  /** ISO 8601, UTC, milliseconds */
  modifiedAt: string
  /** Same as the header `ETag`, quotes included */
  etag: string
}

/** The data of the stored events, by type. */
export interface EventData {
  'conversation.lost': EventConversationLost
  'mentions.ignored': EventMentionsIgnored
  'message': EventMessage
  'permission.requested': EventPermissionRequested
  'permission.resolved': EventPermissionResolved
  'session.created': EventSessionCreated
  'session.ended': EventSessionEnded
  'session.expired': EventSessionExpired
  'session.rewound': EventSessionRewound
  'session.updated': EventSessionUpdated
  'settings.restricted': EventSettingsRestricted
  'turn.completed': EventTurnCompleted
  'turn.failed': EventTurnFailed
  'turn.interrupted': EventTurnInterrupted
  'turn.lost': EventTurnLost
  'turn.queued': EventTurnQueued
  'turn.started': EventTurnStarted
  'turn.timed_out': EventTurnTimedOut
  'workspace.restored': EventWorkspaceRestored
}

/** The input and the response of each operation. */
export interface Operations {
  /** Create a session */
  createSession: {
    query?: {
      /** Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own */
      tenant?: string | undefined
    }
    headers?: {
      /** Makes retries safe: within 24 hours, the same key with the same body returns the response to the first request. The value is used as it is, quotes included. Each API key has its own idempotency keys */
      'Idempotency-Key'?: string | undefined
    }
    body?: CreateSessionRequest
    response: CreateSessionResponse
  }
  /** List sessions, newest activity first */
  listSessions: {
    query?: {
      /** Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own */
      tenant?: string | undefined
      /** Only sessions with this status */
      status?: 'active' | 'expired' | 'ended' | 'all' | undefined
      /** `false`: without archived sessions; `true`: only archived sessions; `all`: both */
      archived?: 'false' | 'true' | 'all' | undefined
      /** Only sessions with this tag; several, as in `tag=a&tag=b`: only sessions with all of them */
      tag?: Array<string> | undefined
      /** Only sessions that were made of this preset: a name, or one version as `name@version` */
      preset?: string | undefined
      /** Only sessions in this state */
      state?: SessionState | undefined
      /** Only sessions whose last turn has this status */
      lastTurn?: TurnStatus | undefined
      /** Only sessions with exactly this working directory */
      cwd?: string | undefined
      /** Entries per page */
      limit?: number | undefined
      /** `nextCursor` of the previous page */
      cursor?: string | undefined
    }
    response: ListSessionsResponse
  }
  /** Get one session */
  getSession: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    response: Session
  }
  /** Change a session */
  patchSession: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    body: PatchSessionRequest
    response: Session
  }
  /** End a session */
  endSession: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    response: undefined
  }
  /** Create a preset with its first version */
  createPreset: {
    query?: {
      /** Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own */
      tenant?: string | undefined
    }
    headers?: {
      /** Makes retries safe: within 24 hours, the same key with the same body returns the response to the first request. The value is used as it is, quotes included. Each API key has its own idempotency keys */
      'Idempotency-Key'?: string | undefined
    }
    body: CreatePresetRequest
    response: Preset
  }
  /** List presets by name, each with its newest version */
  listPresets: {
    query?: {
      /** Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own */
      tenant?: string | undefined
      /** `false`: without archived presets; `true`: only archived presets; `all`: both */
      archived?: 'false' | 'true' | 'all' | undefined
      /** Entries per page */
      limit?: number | undefined
      /** Entries to skip; `cursor` is safer while entries are added */
      offset?: number | undefined
      /** `nextCursor` of the previous page of the same list; not with `offset` */
      cursor?: string | undefined
    }
    response: ListPresetsResponse
  }
  /** Get the newest version of a preset, or another one */
  getPreset: {
    params: {
      /** The name of the preset */
      preset: string
    }
    query?: {
      /** Keys of the configuration may name any tenant; absent: `default`. Other keys can name their own */
      tenant?: string | undefined
      /** The version to show; absent: the newest */
      version?: number | undefined
    }
    response: Preset
  }
  /** Archive a preset, or make it usable again */
  patchPreset: {
    params: {
      /** The name of the preset */
      preset: string
    }
    query?: {
      /** Keys of the configuration may name any tenant; absent: `default`. Other keys can name their own */
      tenant?: string | undefined
    }
    body: PatchPresetRequest
    response: Preset
  }
  /** Delete a preset with all its versions; sessions made of it stay as they are */
  deletePreset: {
    params: {
      /** The name of the preset */
      preset: string
    }
    query?: {
      /** Keys of the configuration may name any tenant; absent: `default`. Other keys can name their own */
      tenant?: string | undefined
    }
    response: undefined
  }
  /** Add a version to a preset; versions never change */
  createPresetVersion: {
    params: {
      /** The name of the preset */
      preset: string
    }
    query?: {
      /** Keys of the configuration may name any tenant; absent: `default`. Other keys can name their own */
      tenant?: string | undefined
    }
    headers?: {
      /** Makes retries safe: within 24 hours, the same key with the same body returns the response to the first request. The value is used as it is, quotes included. Each API key has its own idempotency keys */
      'Idempotency-Key'?: string | undefined
    }
    body: CreatePresetVersionRequest
    response: Preset
  }
  /** List the versions of a preset, newest first */
  listPresetVersions: {
    params: {
      /** The name of the preset */
      preset: string
    }
    query?: {
      /** Keys of the configuration may name any tenant; absent: `default`. Other keys can name their own */
      tenant?: string | undefined
      /** Entries per page */
      limit?: number | undefined
      /** Entries to skip; `cursor` is safer while entries are added */
      offset?: number | undefined
      /** `nextCursor` of the previous page of the same list; not with `offset` */
      cursor?: string | undefined
    }
    response: ListPresetVersionsResponse
  }
  /** Search in titles, prompts and answers, newest first */
  search: {
    query: {
      /** Words that a text must have, all of them; words in double quotes must follow each other. Case and accents do not matter, and the last word can be the beginning of one. At most 16 words */
      q: string
      /** Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own */
      tenant?: string | undefined
      /** `false`: without archived sessions; `true`: only archived sessions; `all`: both */
      archived?: 'false' | 'true' | 'all' | undefined
      /** Only in sessions with this tag; several, as in `tag=a&tag=b`: with all of them */
      tag?: Array<string> | undefined
      /** Results per page */
      limit?: number | undefined
      /** `nextCursor` of the previous page */
      cursor?: string | undefined
    }
    response: SearchResponse
  }
  /** Stream the events of all sessions in one order, resumable with Last-Event-ID */
  followFeed: {
    query?: {
      /** Begin after this position, the `id:` of an event; default: with the oldest event; `latest`: with the next one */
      after?: string | undefined
      /** Only events of these types, with commas between them. Default: all but `message`; the messages of one session are in its own stream */
      types?: string | undefined
      /** false: the stream ends with `caught_up`, once everything stored has been sent */
      follow?: boolean | undefined
      /** Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own */
      tenant?: string | undefined
      /** In place of a key, for browsers that cannot send headers: from `POST /tickets`, without `sessionId`. It works once; after a broken connection, take a new one and pass `after` */
      ticket?: string | undefined
    }
    headers?: {
      /** The last `id:` that the client has received: the stream continues after it; overrides `after` */
      'Last-Event-ID'?: string | undefined
    }
    response: Response
  }
  /** Send a prompt and wait for the answer */
  sendMessage: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    headers?: {
      /** Makes retries safe: within 24 hours, the same key with the same body returns the response to the first request. The value is used as it is, quotes included. Each API key has its own idempotency keys */
      'Idempotency-Key'?: string | undefined
    }
    body: SendMessageRequest
    response: SendMessageResponse | StreamPointer | BackgroundAccepted
  }
  /** Send a prompt and stream the answer as server-sent events */
  streamMessage: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    headers?: {
      /** Makes retries safe: within 24 hours, the same key with the same body returns the response to the first request. The value is used as it is, quotes included. Each API key has its own idempotency keys */
      'Idempotency-Key'?: string | undefined
    }
    body: StreamMessageRequest
    response: Response
  }
  /** Get the history, oldest first */
  listMessages: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query?: {
      /** Entries per page */
      limit?: number | undefined
      /** Entries to skip; `cursor` is safer while entries are added */
      offset?: number | undefined
      /** `nextCursor` of the previous page of the same list; not with `offset` */
      cursor?: string | undefined
      /** Only messages after this sequence */
      after?: number | undefined
      /** `raw`: messages as Claude Code sends them; `compact`: what a person reads of them (`CompactMessage`). Messages with nothing to read are left out, so a page may have fewer than `limit` */
      view?: 'raw' | 'compact' | undefined
    }
    response: ListMessagesResponse
  }
  /** Stream past and live events as server-sent events, resumable with Last-Event-ID */
  followEvents: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query?: {
      /** Replay the events after this sequence; `latest`: none */
      after?: string | undefined
      /** Only events of this turn; the stream ends with it */
      turnId?: string | undefined
      /** Also send what is only live: `delta` and `delta.voided` (pieces of messages), `activity`, `suggestion` */
      includeDeltas?: boolean | undefined
      /** `raw`: messages as Claude Code sends them; `compact`: what a person reads of them (`CompactMessage`). Messages with nothing to read are left out, so a page may have fewer than `limit` */
      view?: 'raw' | 'compact' | undefined
      /** In place of a key, for browsers that cannot send headers: from `POST /tickets`. It works once; after a broken connection, take a new one and pass `after` */
      ticket?: string | undefined
    }
    headers?: {
      /** The last sequence that the client has received: the stream continues after it; overrides `after` */
      'Last-Event-ID'?: string | undefined
    }
    response: Response | undefined
  }
  /** List the turns of a session, oldest first */
  listTurns: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query?: {
      /** Entries per page */
      limit?: number | undefined
      /** Entries to skip; `cursor` is safer while entries are added */
      offset?: number | undefined
      /** `nextCursor` of the previous page of the same list; not with `offset` */
      cursor?: string | undefined
    }
    response: ListTurnsResponse
  }
  /** Get one turn and its outcome */
  getTurn: {
    params: {
      /** Id of the session */
      sessionId: string
      /** Id of the turn */
      turnId: string
    }
    response: Turn
  }
  /** Run the prompt of a failed turn again, as a new turn; Claude sees the prompt only once */
  retryTurn: {
    params: {
      /** Id of the session */
      sessionId: string
      /** Id of the turn */
      turnId: string
    }
    headers?: {
      /** Makes retries safe: within 24 hours, the same key with the same body returns the response to the first request. The value is used as it is, quotes included. Each API key has its own idempotency keys */
      'Idempotency-Key'?: string | undefined
    }
    body?: RetryTurnRequest
    response: SendMessageResponse | BackgroundAccepted
  }
  /** Interrupt the running turn */
  interruptSession: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    body?: InterruptRequest
    response: InterruptResponse
  }
  /** Create a session that shares the past of this one; both continue independently */
  forkSession: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    headers?: {
      /** Makes retries safe: within 24 hours, the same key with the same body returns the response to the first request. The value is used as it is, quotes included. Each API key has its own idempotency keys */
      'Idempotency-Key'?: string | undefined
    }
    body?: ForkSessionRequest
    response: CreateSessionResponse
  }
  /** Rewind to before a turn: the conversation, the files that Claude changed, or both */
  rewindSession: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    body: RewindSessionRequest
    response: RewindSessionResponse
  }
  /** List the permission requests of all sessions, oldest first */
  listAllPermissions: {
    query?: {
      /** Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own */
      tenant?: string | undefined
      /** Only requests that wait for an answer, or all */
      status?: 'pending' | 'all' | undefined
      /** Entries per page */
      limit?: number | undefined
      /** Entries to skip; `cursor` is safer while entries are added */
      offset?: number | undefined
      /** `nextCursor` of the previous page of the same list; not with `offset` */
      cursor?: string | undefined
    }
    response: ListPermissionsResponse
  }
  /** List the permission requests of a session, oldest first */
  listPermissions: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query?: {
      /** Only requests that wait for an answer, or all */
      status?: 'pending' | 'all' | undefined
      /** Entries per page */
      limit?: number | undefined
      /** Entries to skip; `cursor` is safer while entries are added */
      offset?: number | undefined
      /** `nextCursor` of the previous page of the same list; not with `offset` */
      cursor?: string | undefined
    }
    response: ListPermissionsResponse
  }
  /** Get one permission request */
  getPermission: {
    params: {
      /** Id of the session */
      sessionId: string
      /** Id of the permission request */
      permissionId: string
    }
    response: PermissionRequest
  }
  /** Answer a permission request, once */
  answerPermission: {
    params: {
      /** Id of the session */
      sessionId: string
      /** Id of the permission request */
      permissionId: string
    }
    body: AnswerPermissionRequest
    response: PermissionRequest
  }
  /** List the slash commands and skills that a prompt can run with `commands: true` */
  listCommands: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    response: ListCommandsResponse
  }
  /** List the subagents that Claude can start */
  listAgents: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    response: ListAgentsResponse
  }
  /** Get what fills the context window */
  getContext: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query?: {
      /** `full`: the model's API counts the tokens; `summary`: they are estimated */
      detail?: 'full' | 'summary' | undefined
    }
    response: GetContextResponse
  }
  /** Replace the conversation with a summary, in a turn of its own */
  compactSession: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    body?: CompactRequest
    response: CompactResponse
  }
  /** List the MCP servers with their status */
  listMcpServers: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    response: ListMcpServersResponse
  }
  /** Reconnect, enable or disable an MCP server */
  changeMcpServer: {
    params: {
      /** Id of the session */
      sessionId: string
      /** Name of the MCP server */
      server: string
    }
    body: ChangeMcpServerRequest
    response: McpServerState
  }
  /** List the background tasks, oldest first */
  listTasks: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query?: {
      /** Only tasks with this status */
      status?: 'running' | 'completed' | 'failed' | 'stopped' | 'lost' | 'all' | undefined
      /** Entries per page */
      limit?: number | undefined
      /** Entries to skip; `cursor` is safer while entries are added */
      offset?: number | undefined
      /** `nextCursor` of the previous page of the same list; not with `offset` */
      cursor?: string | undefined
    }
    response: ListTasksResponse
  }
  /** Stop a background task; no effect if it has ended */
  stopTask: {
    params: {
      /** Id of the session */
      sessionId: string
      /** Id of the background task */
      taskId: string
    }
    response: Task
  }
  /** Upload an image, a PDF or a text that prompts can refer to */
  createAttachment: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query?: {
      /** The file's name; for a document, Claude sees it as the title */
      name?: string | undefined
    }
    body: NonNullable<RequestInit['body']>
    response: Attachment
  }
  /** List the attachments of a session, oldest first */
  listAttachments: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query?: {
      /** Entries per page */
      limit?: number | undefined
      /** Entries to skip; `cursor` is safer while entries are added */
      offset?: number | undefined
      /** `nextCursor` of the previous page of the same list; not with `offset` */
      cursor?: string | undefined
    }
    response: ListAttachmentsResponse
  }
  /** Download an attachment */
  getAttachment: {
    params: {
      /** Id of the session */
      sessionId: string
      /** Id of the attachment */
      attachmentId: string
    }
    response: Response
  }
  /** Remove an attachment, unless an unfinished turn needs it */
  deleteAttachment: {
    params: {
      /** Id of the session */
      sessionId: string
      /** Id of the attachment */
      attachmentId: string
    }
    response: undefined
  }
  /** Get tokens, cost and active time of a session */
  getUsage: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    response: SessionUsage
  }
  /** Export the whole conversation as a file, with tool calls and their results */
  exportSession: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query?: {
      /** `jsonl`: one stored message per line; `json`: session, turns and messages in one document; `markdown` and `html`: for reading, with large tool results shortened */
      format?: 'jsonl' | 'json' | 'markdown' | 'html' | undefined
    }
    response: Response
  }
  /** List one of the session's directories */
  listFiles: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query?: {
      /** Relative to the session's working directory, or absolute inside one of its directories; empty: the working directory */
      path?: string | undefined
      /** Levels to show. The content of `.git` is shown only if `path` names it */
      depth?: number | undefined
      /** Entries of the directory itself */
      limit?: number | undefined
      /** `nextCursor` of the previous page */
      cursor?: string | undefined
    }
    response: ListFilesResponse
  }
  /** Read a file, or a part of it */
  readFile: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query: {
      /** Relative to the session's working directory, or absolute inside one of its directories; empty: the working directory */
      path: string
    }
    headers?: {
      /** ETags: 304 if the file's ETag is among them */
      'If-None-Match'?: string | undefined
      /** One range of bytes; a request for several ranges gets the whole file */
      Range?: string | undefined
      /** An ETag: the range applies only if the file still has this ETag */
      'If-Range'?: string | undefined
    }
    response: Response
  }
  /** Create a file or replace its content, atomically */
  writeFile: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query: {
      /** Relative to the session's working directory, or absolute inside one of its directories; empty: the working directory */
      path: string
    }
    headers?: {
      /** ETags, or `*` for any existing file: the file is changed only if its ETag is among them; otherwise 412 */
      'If-Match'?: string | undefined
      /** `*`: only create the file, never overwrite it; otherwise 412 */
      'If-None-Match'?: string | undefined
      /** Refused with 400: a part of a file cannot be written */
      'Content-Range'?: string | undefined
    }
    body: NonNullable<RequestInit['body']>
    response: WrittenFile
  }
  /** Remove a file, a symbolic link (not its target) or a directory */
  deleteFile: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query: {
      /** Relative to the session's working directory, or absolute inside one of its directories; empty: the working directory */
      path: string
      /** Whether to remove a directory with everything in it; otherwise only an empty directory is removed */
      recursive?: boolean | undefined
    }
    headers?: {
      /** ETags, or `*` for any existing file: the file is changed only if its ETag is among them; otherwise 412 */
      'If-Match'?: string | undefined
    }
    response: undefined
  }
  /** Download one of the session's directories as a compressed archive (tar.gz) */
  getArchive: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query?: {
      /** A directory or a file; empty: the working directory */
      path?: string | undefined
      /** Comma-separated files to leave out: names at any depth (`.git,node_modules`), or paths from the root of the archive (`dist/maps`) */
      exclude?: string | undefined
    }
    response: Response
  }
  /** Get the changes in the working directory since the session or one of its turns began */
  getDiff: {
    params: {
      /** Id of the session */
      sessionId: string
    }
    query?: {
      /** `session`: since the session began; a turn id: since before that turn */
      since?: string | undefined
      /** `unified`: one text, as from `git diff`; `files`: JSON */
      format?: 'unified' | 'files' | undefined
      /** Only this file, or files in this directory; relative to the working directory, or absolute */
      path?: string | undefined
    }
    response: DiffResponse | Response
  }
  /** Create a webhook */
  createWebhook: {
    query?: {
      /** Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own */
      tenant?: string | undefined
    }
    body: CreateWebhookRequest
    response: CreateWebhookResponse
  }
  /** List webhooks, oldest first */
  listWebhooks: {
    query?: {
      /** Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own */
      tenant?: string | undefined
      /** Entries per page */
      limit?: number | undefined
      /** Entries to skip; `cursor` is safer while entries are added */
      offset?: number | undefined
      /** `nextCursor` of the previous page of the same list; not with `offset` */
      cursor?: string | undefined
    }
    response: ListWebhooksResponse
  }
  /** Get one webhook */
  getWebhook: {
    params: {
      /** The id of the webhook */
      webhookId: string
    }
    response: Webhook
  }
  /** Change a webhook, disable it or enable it again */
  patchWebhook: {
    params: {
      /** The id of the webhook */
      webhookId: string
    }
    body: PatchWebhookRequest
    response: Webhook
  }
  /** Delete a webhook and its deliveries */
  deleteWebhook: {
    params: {
      /** The id of the webhook */
      webhookId: string
    }
    response: undefined
  }
  /** Replace the secret of a webhook; the previous one also signs for a day */
  rotateWebhookSecret: {
    params: {
      /** The id of the webhook */
      webhookId: string
    }
    body?: RotateWebhookSecretRequest
    response: RotateWebhookSecretResponse
  }
  /** Send the event `webhook.ping` */
  pingWebhook: {
    params: {
      /** The id of the webhook */
      webhookId: string
    }
    response: WebhookDelivery
  }
  /** List the deliveries of a webhook, newest first */
  listWebhookDeliveries: {
    params: {
      /** The id of the webhook */
      webhookId: string
    }
    query?: {
      /** Only deliveries with this status */
      status?: 'pending' | 'delivered' | 'failed' | 'all' | undefined
      /** Entries per page */
      limit?: number | undefined
      /** Entries to skip; `cursor` is safer while entries are added */
      offset?: number | undefined
      /** `nextCursor` of the previous page of the same list; not with `offset` */
      cursor?: string | undefined
    }
    response: ListWebhookDeliveriesResponse
  }
  /** Send a delivery again, with all its attempts */
  redeliverWebhook: {
    params: {
      /** The id of the webhook */
      webhookId: string
      /** The id of the delivery */
      deliveryId: string
    }
    response: WebhookDelivery
  }
  /** Get the key with which a browser subscribes to pushes of this server */
  getPushKey: {
    response: PushKeyResponse
  }
  /** Have a browser told when a request waits for a person or a turn is over */
  createPushSubscription: {
    query?: {
      /** Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own */
      tenant?: string | undefined
    }
    body: CreatePushSubscriptionRequest
    response: PushSubscription
  }
  /** List the key's own subscriptions, oldest first; keys of the configuration see all */
  listPushSubscriptions: {
    query?: {
      /** Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own */
      tenant?: string | undefined
      /** Entries per page */
      limit?: number | undefined
      /** Entries to skip; `cursor` is safer while entries are added */
      offset?: number | undefined
      /** `nextCursor` of the previous page of the same list; not with `offset` */
      cursor?: string | undefined
    }
    response: ListPushSubscriptionsResponse
  }
  /** Delete a subscription */
  deletePushSubscription: {
    params: {
      /** The id of the subscription */
      subscriptionId: string
    }
    response: undefined
  }
  /** Send a message of the kind `test`, once, and say what the push service responds */
  testPushSubscription: {
    params: {
      /** The id of the subscription */
      subscriptionId: string
    }
    response: TestPushResponse
  }
  /** Create an API key; it is shown once */
  createKey: {
    body: CreateKeyRequest
    response: ShownKey
  }
  /** List the stored API keys, oldest first */
  listKeys: {
    query?: {
      /** Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own */
      tenant?: string | undefined
      /** Only keys that are valid, or all */
      status?: 'active' | 'all' | undefined
      /** Entries per page */
      limit?: number | undefined
      /** Entries to skip; `cursor` is safer while entries are added */
      offset?: number | undefined
      /** `nextCursor` of the previous page of the same list; not with `offset` */
      cursor?: string | undefined
    }
    response: ListKeysResponse
  }
  /** Get one API key, without the key itself */
  getKey: {
    params: {
      /** Id of the key */
      keyId: string
    }
    response: ApiKey
  }
  /** Change the name, scopes, limits or expiry of an API key */
  patchKey: {
    params: {
      /** Id of the key */
      keyId: string
    }
    body: PatchKeyRequest
    response: ApiKey
  }
  /** Replace an API key; the replaced one stays valid for a grace time */
  rotateKey: {
    params: {
      /** Id of the key */
      keyId: string
    }
    body?: RotateKeyRequest
    response: ShownKey
  }
  /** Revoke an API key at once; its open streams end within a second */
  revokeKey: {
    params: {
      /** Id of the key */
      keyId: string
    }
    response: undefined
  }
  /** Read the audit log: who did what, when and from where */
  listAudit: {
    query?: {
      /** Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own */
      tenant?: string | undefined
      /** Entries at this time or later: ISO 8601 with `Z` or an offset */
      from?: string | undefined
      /** Entries before this time: ISO 8601 with `Z` or an offset */
      to?: string | undefined
      /** Entries with this action */
      action?: 'session.create' | 'session.list' | 'session.search' | 'session.read' | 'session.update' | 'session.end' | 'session.fork' | 'session.rewind' | 'session.compact' | 'session.export' | 'preset.create' | 'preset.read' | 'preset.update' | 'preset.version' | 'preset.delete' | 'prompt.send' | 'turn.read' | 'turn.retry' | 'turn.interrupt' | 'conversation.read' | 'permission.read' | 'permission.answer' | 'mcp.read' | 'mcp.change' | 'task.read' | 'task.stop' | 'attachment.create' | 'attachment.read' | 'attachment.list' | 'attachment.delete' | 'file.list' | 'file.read' | 'file.write' | 'file.delete' | 'file.archive' | 'file.diff' | 'webhook.create' | 'webhook.read' | 'webhook.update' | 'webhook.delete' | 'webhook.rotate' | 'webhook.ping' | 'webhook.redeliver' | 'push.subscribe' | 'push.read' | 'push.unsubscribe' | 'push.test' | 'key.create' | 'key.read' | 'key.update' | 'key.rotate' | 'key.revoke' | 'ticket.create' | 'console.login' | 'console.logout' | 'usage.read' | 'audit.read' | 'metrics.read' | 'server.read' | 'authenticate' | 'other' | undefined
      /** Entries with this outcome */
      outcome?: 'done' | 'refused' | 'failed' | undefined
      /** Entries of this key */
      keyId?: string | undefined
      /** Entries about this session */
      sessionId?: string | undefined
      /** Which entries come first; `oldest` with the last cursor follows the log */
      order?: 'newest' | 'oldest' | undefined
      /** The maximum number of entries in a page */
      limit?: number | undefined
      /** `nextCursor` of the previous page, with the same filters and order */
      cursor?: string | undefined
    }
    response: ListAuditResponse
  }
  /** Report tokens, costs and turns by day, key, session, model or tenant, as JSON or CSV */
  getUsageReport: {
    query?: {
      /** Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own */
      tenant?: string | undefined
      /** The first day (UTC); default: the first of the month of `to` */
      from?: string | undefined
      /** The last day (UTC), included; default: today */
      to?: string | undefined
      /** One or more of `tenant`, `session`, `day`, `key` and `model`, with commas between them. Rows are sorted by them, in this order. A report by session covers at most 31 days, others 366, and lacks sessions that were removed */
      groupBy?: string | undefined
      /** Only the usage of the key with this id */
      key?: string | undefined
      /** Default: `csv` if `Accept` prefers `text/csv`, else `json` */
      format?: 'json' | 'csv' | undefined
      /** Rows per page */
      limit?: number | undefined
      /** `nextCursor` of the previous page */
      cursor?: string | undefined
    }
    response: UsageReport | Response
  }
  /** See what the key or token of this request may do */
  getCaller: {
    response: Caller
  }
  /** Create a ticket with which a browser opens one event stream without a key */
  createTicket: {
    body?: CreateTicketRequest
    response: Ticket
  }
  /** List the models that a session can use */
  listModels: {
    response: ListModelsResponse
  }
  /** Check the health of the server; without a key of the configuration, the status only */
  getHealth: {
    response: HealthResponse
  }
  /** Check whether the server takes requests; without a key of the configuration, the status only */
  getReadiness: {
    response: ReadinessResponse
  }
  /** Get the metrics of the server for Prometheus; keys of `metrics.apiKeys` open this and nothing else */
  getMetrics: {
    response: Response
  }
  /** Get the OpenAPI 3.1 document of this API */
  getOpenApi: {
    response: Record<string, unknown>
  }
  /** Get this API as an HTML page; browsers can send the key as the password of HTTP Basic */
  getDocs: {
    response: Response
  }
  /** Get this API as an HTML page with forms to try it; needs scripts */
  getReference: {
    response: Response
  }
  /** Get the script of the page at `/reference` */
  getReferenceScript: {
    headers?: {
      /** ETags: 304 if the script's ETag is among them */
      'If-None-Match'?: string | undefined
      /** With `gzip`, the script is sent compressed */
      'Accept-Encoding'?: string | undefined
    }
    response: Response
  }
}
export type OperationId = keyof Operations

export interface Route {
  method: string
  path: string
  statuses: readonly number[]
  answer: 'json' | 'raw' | 'either'
}

export const routes: Readonly<Record<OperationId, Route>> = {
  createSession: { method: 'POST', path: '/sessions', statuses: [201], answer: 'json' },
  listSessions: { method: 'GET', path: '/sessions', statuses: [200], answer: 'json' },
  getSession: { method: 'GET', path: '/sessions/:sessionId', statuses: [200], answer: 'json' },
  patchSession: { method: 'PATCH', path: '/sessions/:sessionId', statuses: [200], answer: 'json' },
  endSession: { method: 'DELETE', path: '/sessions/:sessionId', statuses: [204], answer: 'json' },
  createPreset: { method: 'POST', path: '/presets', statuses: [201], answer: 'json' },
  listPresets: { method: 'GET', path: '/presets', statuses: [200], answer: 'json' },
  getPreset: { method: 'GET', path: '/presets/:preset', statuses: [200], answer: 'json' },
  patchPreset: { method: 'PATCH', path: '/presets/:preset', statuses: [200], answer: 'json' },
  deletePreset: { method: 'DELETE', path: '/presets/:preset', statuses: [204], answer: 'json' },
  createPresetVersion: { method: 'POST', path: '/presets/:preset/versions', statuses: [201], answer: 'json' },
  listPresetVersions: { method: 'GET', path: '/presets/:preset/versions', statuses: [200], answer: 'json' },
  search: { method: 'GET', path: '/search', statuses: [200], answer: 'json' },
  followFeed: { method: 'GET', path: '/events', statuses: [200], answer: 'raw' },
  sendMessage: { method: 'POST', path: '/sessions/:sessionId/messages', statuses: [200, 202], answer: 'json' },
  streamMessage: { method: 'POST', path: '/sessions/:sessionId/stream', statuses: [200], answer: 'raw' },
  listMessages: { method: 'GET', path: '/sessions/:sessionId/messages', statuses: [200], answer: 'json' },
  followEvents: { method: 'GET', path: '/sessions/:sessionId/events', statuses: [200, 204], answer: 'raw' },
  listTurns: { method: 'GET', path: '/sessions/:sessionId/turns', statuses: [200], answer: 'json' },
  getTurn: { method: 'GET', path: '/sessions/:sessionId/turns/:turnId', statuses: [200], answer: 'json' },
  retryTurn: { method: 'POST', path: '/sessions/:sessionId/turns/:turnId/retry', statuses: [200, 202], answer: 'json' },
  interruptSession: { method: 'POST', path: '/sessions/:sessionId/interrupt', statuses: [200], answer: 'json' },
  forkSession: { method: 'POST', path: '/sessions/:sessionId/fork', statuses: [201], answer: 'json' },
  rewindSession: { method: 'POST', path: '/sessions/:sessionId/rewind', statuses: [200], answer: 'json' },
  listAllPermissions: { method: 'GET', path: '/permissions', statuses: [200], answer: 'json' },
  listPermissions: { method: 'GET', path: '/sessions/:sessionId/permissions', statuses: [200], answer: 'json' },
  getPermission: { method: 'GET', path: '/sessions/:sessionId/permissions/:permissionId', statuses: [200], answer: 'json' },
  answerPermission: { method: 'POST', path: '/sessions/:sessionId/permissions/:permissionId', statuses: [200], answer: 'json' },
  listCommands: { method: 'GET', path: '/sessions/:sessionId/commands', statuses: [200], answer: 'json' },
  listAgents: { method: 'GET', path: '/sessions/:sessionId/agents', statuses: [200], answer: 'json' },
  getContext: { method: 'GET', path: '/sessions/:sessionId/context', statuses: [200], answer: 'json' },
  compactSession: { method: 'POST', path: '/sessions/:sessionId/compact', statuses: [200], answer: 'json' },
  listMcpServers: { method: 'GET', path: '/sessions/:sessionId/mcp', statuses: [200], answer: 'json' },
  changeMcpServer: { method: 'POST', path: '/sessions/:sessionId/mcp/:server', statuses: [200], answer: 'json' },
  listTasks: { method: 'GET', path: '/sessions/:sessionId/tasks', statuses: [200], answer: 'json' },
  stopTask: { method: 'POST', path: '/sessions/:sessionId/tasks/:taskId/stop', statuses: [200], answer: 'json' },
  createAttachment: { method: 'POST', path: '/sessions/:sessionId/attachments', statuses: [201], answer: 'json' },
  listAttachments: { method: 'GET', path: '/sessions/:sessionId/attachments', statuses: [200], answer: 'json' },
  getAttachment: { method: 'GET', path: '/sessions/:sessionId/attachments/:attachmentId', statuses: [200], answer: 'raw' },
  deleteAttachment: { method: 'DELETE', path: '/sessions/:sessionId/attachments/:attachmentId', statuses: [204], answer: 'json' },
  getUsage: { method: 'GET', path: '/sessions/:sessionId/usage', statuses: [200], answer: 'json' },
  exportSession: { method: 'GET', path: '/sessions/:sessionId/export', statuses: [200], answer: 'raw' },
  listFiles: { method: 'GET', path: '/sessions/:sessionId/files', statuses: [200], answer: 'json' },
  readFile: { method: 'GET', path: '/sessions/:sessionId/files/content', statuses: [200, 206, 304], answer: 'raw' },
  writeFile: { method: 'PUT', path: '/sessions/:sessionId/files/content', statuses: [200, 201], answer: 'json' },
  deleteFile: { method: 'DELETE', path: '/sessions/:sessionId/files/content', statuses: [204], answer: 'json' },
  getArchive: { method: 'GET', path: '/sessions/:sessionId/archive', statuses: [200], answer: 'raw' },
  getDiff: { method: 'GET', path: '/sessions/:sessionId/diff', statuses: [200], answer: 'either' },
  createWebhook: { method: 'POST', path: '/webhooks', statuses: [201], answer: 'json' },
  listWebhooks: { method: 'GET', path: '/webhooks', statuses: [200], answer: 'json' },
  getWebhook: { method: 'GET', path: '/webhooks/:webhookId', statuses: [200], answer: 'json' },
  patchWebhook: { method: 'PATCH', path: '/webhooks/:webhookId', statuses: [200], answer: 'json' },
  deleteWebhook: { method: 'DELETE', path: '/webhooks/:webhookId', statuses: [204], answer: 'json' },
  rotateWebhookSecret: { method: 'POST', path: '/webhooks/:webhookId/rotate-secret', statuses: [200], answer: 'json' },
  pingWebhook: { method: 'POST', path: '/webhooks/:webhookId/ping', statuses: [202], answer: 'json' },
  listWebhookDeliveries: { method: 'GET', path: '/webhooks/:webhookId/deliveries', statuses: [200], answer: 'json' },
  redeliverWebhook: { method: 'POST', path: '/webhooks/:webhookId/deliveries/:deliveryId/redeliver', statuses: [202], answer: 'json' },
  getPushKey: { method: 'GET', path: '/push/public-key', statuses: [200], answer: 'json' },
  createPushSubscription: { method: 'POST', path: '/push-subscriptions', statuses: [200, 201], answer: 'json' },
  listPushSubscriptions: { method: 'GET', path: '/push-subscriptions', statuses: [200], answer: 'json' },
  deletePushSubscription: { method: 'DELETE', path: '/push-subscriptions/:subscriptionId', statuses: [204], answer: 'json' },
  testPushSubscription: { method: 'POST', path: '/push-subscriptions/:subscriptionId/test', statuses: [200], answer: 'json' },
  createKey: { method: 'POST', path: '/keys', statuses: [201], answer: 'json' },
  listKeys: { method: 'GET', path: '/keys', statuses: [200], answer: 'json' },
  getKey: { method: 'GET', path: '/keys/:keyId', statuses: [200], answer: 'json' },
  patchKey: { method: 'PATCH', path: '/keys/:keyId', statuses: [200], answer: 'json' },
  rotateKey: { method: 'POST', path: '/keys/:keyId/rotate', statuses: [200], answer: 'json' },
  revokeKey: { method: 'DELETE', path: '/keys/:keyId', statuses: [204], answer: 'json' },
  listAudit: { method: 'GET', path: '/audit', statuses: [200], answer: 'json' },
  getUsageReport: { method: 'GET', path: '/usage', statuses: [200], answer: 'either' },
  getCaller: { method: 'GET', path: '/caller', statuses: [200], answer: 'json' },
  createTicket: { method: 'POST', path: '/tickets', statuses: [201], answer: 'json' },
  listModels: { method: 'GET', path: '/models', statuses: [200], answer: 'json' },
  getHealth: { method: 'GET', path: '/health', statuses: [200, 503], answer: 'json' },
  getReadiness: { method: 'GET', path: '/ready', statuses: [200, 503], answer: 'json' },
  getMetrics: { method: 'GET', path: '/metrics', statuses: [200], answer: 'raw' },
  getOpenApi: { method: 'GET', path: '/openapi.json', statuses: [200], answer: 'json' },
  getDocs: { method: 'GET', path: '/docs', statuses: [200], answer: 'raw' },
  getReference: { method: 'GET', path: '/reference', statuses: [200], answer: 'raw' },
  getReferenceScript: { method: 'GET', path: '/reference/scalar.js', statuses: [200, 304], answer: 'raw' },
}
