import type { LevelWithSilent, Logger } from 'pino'
import type { CallerLimits } from '../contract/caller-limits.ts'
import type { DoorName } from '../contract/doors.ts'
import type { AuthConfig, CountedRequest } from './auth-options.ts'
import type { ClusterConfig } from './cluster.ts'
import type { DatabaseConfig } from './database.ts'
import type { IsolationLimitsConfig } from './isolation.ts'
import type { PushConfig } from './push.ts'

/** The options of `createClaudeCodeApi`. Every option has a safe default; times are in milliseconds. */
export interface ClaudeCodeApiConfig {
  /**
   * Whether the console is served: by `serve` at `/console`, by a host application where it mounts `api.console`.
   * Default: true.
   */
  console?: boolean
  /**
   * The protocols of other clients to speak, each under `<mount>/doors/<name>`: `ui` (AI SDK UI), `acp`, `openai`, `mcp`,
   * `managed-agents`, `ag-ui`; or `all`. Default: none.
   */
  doors?: (DoorName | 'all')[]
  /** A session expires this long after its last activity. Default: one hour. */
  sessionTimeout?: number
  /** The maximum number of active sessions; more are refused with 429. Default: 100. */
  maxSessions?: number
  auth?: AuthConfig
  rateLimit?: RateLimitConfig
  cors?: CorsConfig
  /**
   * Hosts that requests without a key may be addressed to, besides loopback names and the host of `publicUrl`:
   * `api.example.com`, with or without a port. Such requests with another `Host` are refused with 421, because a
   * foreign web page can point its own name at this server. Default: `CLAUDE_CODE_API_ALLOWED_HOSTS`
   * (comma-separated), else none.
   */
  allowedHosts?: string[]
  /**
   * The URL of the API as callers see it, mount path included, such as `https://example.com/ai/api/v1`. Links in
   * responses begin with it. Default: `CLAUDE_CODE_API_PUBLIC_URL`, else the path at which the request arrived,
   * prefixed with the `X-Forwarded-Prefix` of a trusted proxy.
   */
  publicUrl?: string
  /**
   * The proxies that are trusted to report the sender of a request (`X-Forwarded-For`) and its target
   * (`X-Forwarded-Prefix`, `X-Forwarded-Host`). The values are those of Express's `trust proxy`: `true`, a number of
   * hops, addresses such as `loopback` or `10.0.0.0/8`, or a function. Without this option, the rate limit sees all
   * callers behind a proxy as one address. Default: `CLAUDE_CODE_API_TRUST_PROXY`, else the host application's
   * `trust proxy`.
   */
  trustProxy?: TrustProxy
  openApiValidation?: OpenApiValidationConfig
  metrics?: MetricsConfig
  /** Limits on concurrent use. */
  limits?: LimitsConfig
  /**
   * The directory of the store. Default: `CLAUDE_CODE_API_DATA_DIR`, else `claude-code-api` in `XDG_DATA_HOME` or in
   * `~/.local/share`.
   */
  dataDir?: string
  /**
   * A PostgreSQL database for the store, in place of a file in `dataDir`; needs the package `pg`. Default: the file.
   * No variable is read for it, so that the tables never end up in the host application's own database.
   */
  database?: DatabaseConfig
  cluster?: ClusterConfig
  /**
   * The working directory of sessions without `cwd`. Default: the directory of this process, or the first of
   * `allowedRoots` if that directory is outside them.
   */
  defaultCwd?: string
  /**
   * The workspace of sessions that name neither `cwd` nor `workspace`: `directory`, all in `defaultCwd`, or `empty`, each
   * in a new directory of its own, which is removed when the session ends. Spare processes, which start in `defaultCwd`,
   * are then of no use to them. Default: `directory`.
   */
  defaultWorkspace?: 'directory' | 'empty'
  /**
   * The setting `titles` of sessions that leave it out: `claude` has Claude Code give each a title, with a short
   * request to the model. Default: `off`.
   */
  sessionTitles?: 'claude' | 'off'
  /**
   * Directories that sessions may work in. Default: `CLAUDE_CODE_API_ROOTS` (separated as in `PATH`), else only
   * `defaultCwd`.
   */
  allowedRoots?: string[]
  /**
   * Where the server creates workspaces for sessions: empty directories, clones and worktrees. Each can be reached
   * only by its session. Default: `workspaces` in `dataDir`.
   */
  workspacesDir?: string
  /**
   * Prefixes of the URLs that sessions may clone from, such as `https://github.com/acme/`. Repositories inside the
   * allowed roots can always be cloned. Default: only `https://`.
   */
  cloneUrls?: string[]
  /** A clone that takes longer is aborted. Default: five minutes. */
  cloneTimeoutMs?: number
  /** Whether sessions may use the permission mode `bypassPermissions`. Default: false. */
  allowBypassPermissions?: boolean
  /**
   * Whether sessions may use MCP servers that Claude Code starts as programs (`type: "stdio"`). They run with the
   * rights of this process, without asking for permission. Default: false.
   */
  allowStdioMcpServers?: boolean
  /**
   * Hosts that may be private, as `host:port`, such as `localhost:3000`, `10.0.0.5:443` or `mcp.internal:443`.
   * Other addresses that callers name (MCP servers, clones, webhooks) are refused if they are, or resolve to, loopback,
   * private, link-local or other addresses outside the public Internet. Default: none.
   */
  allowedPrivateHosts?: string[]
  /**
   * The hosts that an agent can reach with `isolation: "process"`, in addition to the model: `none`, `all` public
   * ones, or a list of `host`, `host:port`, `*.host` and `*.host:port`. An entry without a port is for 80 and 443. A
   * private host must also be in `allowedPrivateHosts`. The hosts of a session's MCP servers must be in the list.
   * Without isolation, agents reach all that this process reaches. Default: `all`.
   */
  agentNetwork?: 'none' | 'all' | string[]
  /**
   * Whether webhooks may have `http://` URLs. Hosts in `allowedPrivateHosts` always may. Default: false.
   */
  allowHttpWebhooks?: boolean
  push?: PushConfig
  /**
   * The settings files that a session may have Claude Code read. `user` is the whole configuration of the user that
   * runs this process, including hooks and permissions; `local` is the directory's configuration that is not checked
   * in. `project` and `local` also need a trusted directory: see `trustedRoots`. Default: `['project']`.
   */
  allowedSettingSources?: ('user' | 'project' | 'local')[]
  /**
   * Directories whose own settings may take effect. Their hooks, MCP servers, environment variables and other
   * settings run programs with the rights of this process. Each must be inside an allowed root and outside `dataDir`
   * and `workspacesDir`; symbolic links are resolved once, at start. Default: `CLAUDE_CODE_API_TRUSTED_ROOTS`
   * (separated as in `PATH`), else none.
   */
  trustedRoots?: string[]
  /**
   * Repositories whose clones are trusted like `trustedRoots`: URLs or absolute paths. An entry that ends with `/`
   * covers everything below it; any other entry covers one repository. Default: none.
   */
  trustedCloneUrls?: string[]
  /**
   * Tenants by name, each with roots, trust and permissions of its own; what it leaves out is off or empty and never
   * taken from the top level, which belongs to the tenant `default`. A tenant without roots works only in directories
   * that the server makes for it, below `workspacesDir/<tenant>`; so do tenants that have keys and are not named here.
   * `default` can have `limits` only. Default: none.
   */
  tenants?: Record<string, TenantOptions>
  /**
   * Names of the environment variables that a session may set for Claude Code with `agentEnv`. Some variables decide
   * where credentials are sent (`ANTHROPIC_BASE_URL`) or which programs run (`PATH`). Default: none.
   */
  allowedAgentEnv?: string[]
  /**
   * Keys for the secrets of sessions (headers and variables of MCP servers, `agentEnv`), webhooks and web push, each
   * 32 bytes in hexadecimal or base64. The first one seals, all of them unseal. To replace a key, put the new one
   * first, and remove the old one when no session needs it anymore. Default: `CLAUDE_CODE_API_SECRET_KEY` (comma-separated),
   * else the lines of the file `secret.key` in `dataDir`, which is created at the first start.
   */
  secretKeys?: string[]
  /**
   * Whether each process of Claude Code runs in a box: `process` gives it its own file system, network, users and
   * processes (bubblewrap, Linux only), `none` gives it those of this server. If this machine cannot make boxes,
   * `process` refuses to start. A server that listens beyond loopback, or has more than one tenant by its
   * configuration or its keys, starts only if this is set.
   * Default: none.
   */
  isolation?: 'none' | 'process'
  /** Limits of each box. */
  isolationLimits?: IsolationLimitsConfig
  /** Files and directories that programs in a box can read, in addition to `/usr`, such as `/opt/toolchain`. Default: none. */
  isolationPaths?: string[]
  /** Whether `isolation: process` starts where control groups cannot limit memory or processes. Default: false. */
  allowWeakerBounds?: boolean
  /** The measured size of a session's directories at which its turn fails, if it runs in a box. Default: 20 GiB. */
  maxWorkspaceBytes?: number
  /** A process that is idle for this long is ended; the next message starts another. Default: ten minutes. */
  idleTimeoutMs?: number
  /**
   * A turn whose only permission request is unanswered for this long is suspended: it waits without a process, if
   * Claude Code allows that. Default: ten minutes.
   */
  permissionParkMs?: number
  /**
   * A running turn whose process produces no output for this long fails. Default: ten minutes; 0: never.
   */
  watchdogMs?: number
  /** The maximum number of waiting turns in one session. Default: 16. */
  maxQueuedTurns?: number
  /**
   * The memory that all Claude Code processes together may use, including their child processes, in bytes. It is
   * measured on Linux; elsewhere each process counts as 300 MiB. If no memory is left, idle processes are evicted, and
   * turns without a process wait. Two processes may always live. Default: `CLAUDE_CODE_API_MAX_PROCESS_MEMORY_BYTES`,
   * else 60 % of the memory of the machine or its container.
   */
  maxProcessMemoryBytes?: number
  /** The maximum number of live Claude Code processes. Default: as many as memory allows. */
  maxLiveProcesses?: number
  /**
   * Whether spare processes are kept warm for new sessions: one for the first session, then as many as recent sessions
   * would have needed, as far as memory allows. Default: true.
   */
  keepSpareProcess?: boolean
  /**
   * The maximum number of turns that wait for a process, over all sessions. Keys that have less than an equal share of
   * them may still add turns. Default: 1000.
   */
  maxWaitingTurns?: number
  /**
   * How long a session's events, including its messages, are kept after it has ended or expired. Turns are kept
   * as long as their session. Default: as long as the session.
   */
  eventRetentionMs?: number
  /**
   * How long a session is kept after it has ended or expired; at least one minute. Then it is removed with everything
   * that belongs to it: turns, usage, events, transcript, attachments, file history, and the directory that was made
   * for it. Default: forever.
   */
  sessionRetentionMs?: number
  /**
   * The size of the store above which sessions that have ended or expired are removed, oldest first. Sessions that are
   * active are never removed, so the store can be larger. Default: no limit.
   */
  maxStoreBytes?: number
  /**
   * Whether the audit log has the text of prompts; without it, it has their SHA-256 hash. Default: false.
   */
  auditPrompts?: boolean
  /** How long entries of the audit log are kept; at least one day. Default: forever. */
  auditRetentionMs?: number
  /** How long `close()` lets running turns finish. Default: 10 seconds. */
  drainTimeoutMs?: number
  /** Larger request bodies are refused with 413. Default: 10 MiB. */
  maxBodyBytes?: number
  /** Larger uploads (attachments, files of the workspace) are refused with 413. Default: 32 MiB. */
  maxUploadBytes?: number
  /** The total size of the attachments of one session; more is refused with 413. Default: 256 MiB. */
  maxAttachmentBytesPerSession?: number
  /** Environment variables for Claude Code, in addition to the allow-list. */
  agentEnv?: Record<string, string>
  /** The path of the Claude Code executable. Default: the one that the Agent SDK ships. */
  claudeExecutable?: string
  /** The logger to use. Default: a built-in logger that writes to standard error. */
  logger?: Logger
  /** The level of the built-in logger. Default: `info`. */
  logLevel?: LevelWithSilent
  /**
   * The form of the built-in logger's lines: `text` for people, `json` for programs, `auto`: text on a terminal, else
   * JSON. Default: `auto`.
   */
  logFormat?: 'auto' | 'text' | 'json'
}

/**
 * Limits on concurrent use by one caller (more is 429 `CALLER_LIMIT_REACHED`) and by all callers (more is 503
 * `SERVER_LIMIT_REACHED`). The error names the limit. All callers without a key count as one.
 */
export interface LimitsConfig {
  /**
   * Bytes of request bodies that are being received, counted by their declared length, and of uploads until they are
   * stored. Default: 512 MiB.
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
  /** Requests waiting on one connection (pipelining). Default: 16. */
  pipelinedRequests?: number
  /**
   * Wrong keys from one address (IPv6: its /64 network); after more, keys that have not worked there before are refused
   * with 429 for a growing time, up to five minutes. Default: 10.
   */
  wrongKeysPerAddress?: number
  /**
   * Connections of the server; used by `serve` and `limitConnections`. A new connection above the limit replaces the
   * oldest idle one; if none is idle, it gets 503. Default: 8192, or fewer if the limit of file descriptors is lower.
   */
  connections?: number
  /** The same for one address. Behind a proxy, where all callers share one, set it to `connections`. Default: half. */
  connectionsPerAddress?: number
  /** How long the headers of a request may take to arrive; used by `serve`. Default: 15 seconds. */
  headersTimeoutMs?: number
  /** How long a whole request may take to arrive; used by `serve`. Default: five minutes. */
  requestTimeoutMs?: number
}

export interface MetricsConfig {
  /** Keys that open `GET /metrics` and nothing else; the keys of `auth` open it too. Default: none. */
  apiKeys?: string[]
  /** More keys for `GET /metrics`, given as SHA-256 hashes in hexadecimal. */
  keyHashes?: string[]
}

export interface CorsConfig {
  /**
   * Origins of web pages that may use the API, written as the browser does, such as `https://app.example.com`.
   * Default: `CLAUDE_CODE_API_CORS_ORIGINS` (comma-separated), else none.
   */
  origins?: string[]
}

export type TrustProxy = boolean | number | string | string[] | ((address: string, hop: number) => boolean)

export interface RateLimitConfig {
  /** Whether the requests of each key, or of each address without a key, are limited. Default: true. */
  enabled?: boolean
  /** The length of a window. Default: one minute. */
  windowMs?: number
  /** Requests in one window; more are refused with 429. Default: 600. */
  maxRequests?: number
  /** Returns the bucket a request counts against. Default: its key, or its address if it has no key. */
  keyGenerator?(req: CountedRequest): string
}

export interface OpenApiValidationConfig {
  /**
   * Whether requests and responses are also validated against the OpenAPI document; an invalid response becomes a 500
   * and is logged. Default: false.
   */
  enabled?: boolean
  /** An OpenAPI 3.1 document, YAML or JSON. Default: the generated one. */
  specPath?: string
}

/** The options of one tenant; see the options of the same name. */
export interface TenantOptions {
  /** Default: none. */
  allowedRoots?: string[]
  /** Default: the first of its roots. */
  defaultCwd?: string
  trustedRoots?: string[]
  trustedCloneUrls?: string[]
  /** Default: `https://`. */
  cloneUrls?: string[]
  allowBypassPermissions?: boolean
  allowStdioMcpServers?: boolean
  /** The limits that all its keys share. Default: none. */
  limits?: CallerLimits
}
