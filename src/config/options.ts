import type { IncomingMessage } from 'node:http'
import type { LevelWithSilent, Logger } from 'pino'

/** What `createClaudeCodeApi` takes. Every option has a safe default; times are in milliseconds. */
export interface ClaudeCodeApiConfig {
  /** A session expires this long after its last activity. Default: one hour. */
  sessionTimeout?: number
  /** More active sessions than these are refused with 429. Default: 100. */
  maxSessions?: number
  auth?: AuthConfig
  rateLimit?: RateLimitConfig
  cors?: CorsConfig
  /**
   * Names under which the API answers requests without a key, beside loopback names and the host of `publicUrl`:
   * `api.example.com`, with or without a port. Such a request with another `Host` is refused with 421, since a
   * foreign web page can give its own name the address of this server. Default: `CLAUDE_CODE_API_ALLOWED_HOSTS`
   * (comma-separated), else none.
   */
  allowedHosts?: string[]
  /**
   * The URL of the API as callers see it, mount path included, such as `https://example.com/ai/api/v1`: links in
   * answers begin with it. Default: `CLAUDE_CODE_API_PUBLIC_URL`, else the path under which the request arrived,
   * with the `X-Forwarded-Prefix` of a trusted proxy before it.
   */
  publicUrl?: string
  /**
   * Which proxies in front of the API are believed when they say whom a request is from (`X-Forwarded-For`) and
   * where it was sent (`X-Forwarded-Prefix`, `X-Forwarded-Host`). The values are those of Express's `trust proxy`:
   * `true`, a number of hops, addresses such as `loopback` or `10.0.0.0/8`, or a function. Without it all callers
   * behind a proxy are one address to the rate limit. Default: `CLAUDE_CODE_API_TRUST_PROXY`, else the setting
   * `trust proxy` of the host application.
   */
  trustProxy?: TrustProxy
  openApiValidation?: OpenApiValidationConfig
  /** Totals of what may be used at once. */
  limits?: LimitsConfig
  /**
   * Where the store keeps its file. Default: `CLAUDE_CODE_API_DATA_DIR`, else `claude-code-api` in
   * `XDG_DATA_HOME`, else in `~/.local/share`.
   */
  dataDir?: string
  /**
   * A PostgreSQL database for the store, in place of a file in `dataDir`; needs the package `pg`. Default: the file.
   * No variable is read for it, so that the tables never end up in the host application's own database.
   */
  database?: DatabaseConfig
  /**
   * Working directory of sessions that name none. Default: that of this process, or the first of `allowedRoots`
   * where that lies outside of them.
   */
  defaultCwd?: string
  /**
   * Directories in which sessions may work. Default: `CLAUDE_CODE_API_ROOTS` (separated as `PATH` is), else
   * `defaultCwd` alone.
   */
  allowedRoots?: string[]
  /**
   * Where sessions that ask for a workspace of their own get one: an empty directory, a clone or a worktree. Each
   * is reached by its session alone. Default: `workspaces` in `dataDir`.
   */
  workspacesDir?: string
  /**
   * Beginnings of the URLs that sessions may clone from, such as `https://github.com/acme/`. Repositories inside
   * the allowed roots can always be cloned. Default: `https://` alone.
   */
  cloneUrls?: string[]
  /** A clone that takes longer is given up. Default: five minutes. */
  cloneTimeoutMs?: number
  /** Whether sessions may ask for the permission mode `bypassPermissions`. Default: false. */
  allowBypassPermissions?: boolean
  /**
   * Whether sessions may name MCP servers that Claude Code starts as programs (`type: "stdio"`): each runs with
   * the rights of this process, without any permission being asked. Default: false.
   */
  allowStdioMcpServers?: boolean
  /**
   * Hosts that need not be public, as `host:port` such as `localhost:3000`, `10.0.0.5:443` or `mcp.internal:443`.
   * MCP servers, clones and other addresses that callers name are refused when they are, or resolve to, loopback,
   * private, link-local or other addresses that are not on the public Internet. Default: none.
   */
  allowedPrivateHosts?: string[]
  /**
   * Which settings files a session may have Claude Code read. `user` is the whole configuration of the person whom
   * this process runs as, with its hooks and permissions; `local` that of the directory which is not checked in.
   * `project` and `local` also need a trusted directory: see `trustedRoots`. Default: `['project']`.
   */
  allowedSettingSources?: ('user' | 'project' | 'local')[]
  /**
   * Directories whose own settings may take effect: their hooks, MCP servers, environment variables and other
   * settings run programs with the rights of this process. Each must lie inside an allowed root and outside
   * `dataDir` and `workspacesDir`; symbolic links are resolved once, at start. Default:
   * `CLAUDE_CODE_API_TRUSTED_ROOTS` (separated as `PATH` is), else none.
   */
  trustedRoots?: string[]
  /**
   * Repositories whose clones are trusted as `trustedRoots` are: a URL or an absolute path. An entry that ends with
   * `/` covers everything below it, any other entry exactly one repository. Default: none.
   */
  trustedCloneUrls?: string[]
  /**
   * Names of the variables that a session may set for its Claude Code with `agentEnv`. Some decide where
   * credentials go (`ANTHROPIC_BASE_URL`) or what is run (`PATH`). Default: none.
   */
  allowedAgentEnv?: string[]
  /**
   * Keys for the secrets that sessions bring along (headers and variables of MCP servers, `agentEnv`), each 32
   * bytes in hexadecimal or base64: the first one seals, all of them unseal. To replace a key put the new one in
   * front, and take the old one away when no session needs it any more. Default: `CLAUDE_CODE_API_SECRET_KEY`
   * (comma-separated), else the lines of the file `secret.key` in `dataDir`, which is made at the first start.
   */
  secretKeys?: string[]
  /** A session's process ends after being idle this long; the next message starts another. Default: ten minutes. */
  idleTimeoutMs?: number
  /**
   * A permission request that nobody has answered for this long, the only one of its turn, waits on without a
   * process, where Claude Code allows that. Default: ten minutes.
   */
  permissionParkMs?: number
  /**
   * A running turn whose process gives no sign of life for this long is ended. Default: ten minutes; 0: never.
   */
  watchdogMs?: number
  /** How many turns may wait in one session. Default: 16. */
  maxQueuedTurns?: number
  /**
   * How much memory the processes of Claude Code may take together, with what they have started, in bytes. It is
   * measured on Linux; elsewhere each process counts as 300 MiB. Where it is used up idle processes are ended, and
   * turns without a process wait; two processes may always live. Default:
   * `CLAUDE_CODE_API_MAX_PROCESS_MEMORY_BYTES`, else 60 % of what the machine or its container may use.
   */
  maxProcessMemoryBytes?: number
  /** How many processes of Claude Code live at once, where memory allows. Default: as many as memory allows. */
  maxLiveProcesses?: number
  /**
   * Whether processes are kept ready for sessions that are yet to come: one for the first session, then as many as
   * recent sessions would have needed, where memory allows. Default: true.
   */
  keepSpareProcess?: boolean
  /** How many turns may wait for a process, over all sessions. Default: 1000. */
  maxWaitingTurns?: number
  /**
   * How long the events of a session, its messages among them, are kept after it has ended or expired. Its turns
   * stay. Default: for ever.
   */
  eventRetentionMs?: number
  /** How long `close()` lets running turns finish. Default: 10 seconds. */
  drainTimeoutMs?: number
  /** Larger request bodies are refused with 413. Default: 10 MiB. */
  maxBodyBytes?: number
  /** Larger uploads (attachments, files of the workspace) are refused with 413. Default: 32 MiB. */
  maxUploadBytes?: number
  /** How many bytes the attachments of one session may have in all; more are refused with 413. Default: 256 MiB. */
  maxAttachmentBytesPerSession?: number
  /** Variables that Claude Code's process gets beyond the allow-list. */
  agentEnv?: Record<string, string>
  /** The Claude Code to start. Default: the one that the Agent SDK brings. */
  claudeExecutable?: string
  /** Takes the log. Default: a logger of the package's own. */
  logger?: Logger
  /** Level of the package's own logger. Default: `info`. */
  logLevel?: LevelWithSilent
}

export interface AuthConfig {
  /** Default: true. */
  enabled?: boolean
  /** The header that carries the key; `Authorization: Bearer` always works as well. Default: `x-api-key`. */
  apiKeyHeader?: string
  /** Default: those of `CLAUDE_API_KEY`, `CLAUDE_API_KEYS` (comma-separated), `CLAUDE_API_KEY_1`, `_2`, ... */
  apiKeys?: string[]
  /** Further keys, known only by the SHA-256 of their text, hexadecimal. */
  keyHashes?: string[]
  /**
   * The operations that need a key, such as `POST /sessions/:id/messages`, or a path for all its methods.
   * Default: every operation but the health check.
   */
  requireAuth?: string[]
}

/**
 * What may be used at once, by one caller (more is 429 `CALLER_LIMIT_REACHED`) and by all together (more is 503
 * `SERVER_LIMIT_REACHED`). The error names the limit. Callers without a key count as one.
 */
export interface LimitsConfig {
  /**
   * Bytes of request bodies that are being received, by their declared length, and of uploads until they are stored.
   * Default: 512 MiB.
   */
  bodyBytes?: number
  /** The same for one key. Default: 256 MiB. */
  bodyBytesPerKey?: number
  /** Uploads (attachments, files). Default: 64. */
  uploads?: number
  /** The same for one key. Default: 32. */
  uploadsPerKey?: number
  /** A request whose body stops arriving for this long is ended with 408. Default: 20 seconds. */
  bodyIdleMs?: number
  /** Streams of server-sent events. Default: 4000. */
  streams?: number
  /** The same for one key. Default: 2000. */
  streamsPerKey?: number
  /** The same for one session. Default: 1000. */
  streamsPerSession?: number
  /** Requests that wait on one connection (pipelining). Default: 16. */
  pipelinedRequests?: number
  /**
   * Connections of the server; used by `serve` and `limitConnections`. Default: 8192, or what the limit of file
   * descriptors leaves.
   */
  connections?: number
  /** The same for one address. Behind a proxy all callers have one: set it to `connections`. Default: half of them. */
  connectionsPerAddress?: number
  /** How long the headers of a request may take to arrive; used by `serve`. Default: 15 seconds. */
  headersTimeoutMs?: number
  /** How long a whole request may take to arrive; used by `serve`. Default: five minutes. */
  requestTimeoutMs?: number
}

export interface CorsConfig {
  /**
   * Origins of web pages that may use the API, such as `https://app.example.com`: each as the browser writes it.
   * Default: `CLAUDE_CODE_API_CORS_ORIGINS` (comma-separated), else none.
   */
  origins?: string[]
}

export type TrustProxy = boolean | number | string | string[] | ((address: string, hop: number) => boolean)

export interface RateLimitConfig {
  /** Default: true. */
  enabled?: boolean
  /** Default: one minute. */
  windowMs?: number
  /** Default: 600. */
  maxRequests?: number
  /** Whom a request is counted for. Default: its key, or its address without one. */
  keyGenerator?(req: CountedRequest): string
}

/** Express's request, as far as it concerns the configuration; a function of Express's own type fits as well. */
export interface CountedRequest extends IncomingMessage {
  readonly ip: string | undefined
  readonly path: string
  readonly originalUrl: string
  get(header: string): string | undefined
}

export interface OpenApiValidationConfig {
  /** Default: false. */
  enabled?: boolean
  /** An OpenAPI 3.1 document, YAML or JSON. Default: the generated one. */
  specPath?: string
}

export interface DatabaseConfig {
  /** `postgres://user:password@host:5432/name`, with the parameters that the package `pg` knows. */
  url: string
  /** The schema in which all tables are; it is made where it is missing. Default: `claude_code_api`. */
  schema?: string
  /** Bounds the connections for everything but appending, which has one of its own. Default: 10. */
  maxConnections?: number
}
