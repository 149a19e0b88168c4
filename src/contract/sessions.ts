import { z } from 'zod'
import { forkedFrom } from './branching.ts'
import { view } from './compact-messages.ts'
import { permissionMode, permissionModes } from './permission-mode.ts'
import {
  booleanParameter,
  createdBy,
  idParameter,
  integerParameter,
  jsonObject,
  repeatableParameter,
  sessionIdentifier,
  tenantName,
  tenantParameter,
  timestamp,
  toBeSeen,
  turnIdentifier,
} from './primitives.ts'
import {
  maxTurns,
  model,
  presetReference,
  sessionConfiguration,
  usedPreset,
} from './session-configuration.ts'
import { changeableSettings, sessionSettings, settingSource } from './session-settings.ts'
import { turnStatus } from './turns.ts'
import { workspace } from './workspace.ts'

export { permissionMode, permissionModes }

export const sessionStatus = z
  .enum(['active', 'expired', 'ended'])
  .meta({ id: 'SessionStatus', description: 'Whether the session takes prompts' })
export const sessionState = z.enum(['idle', 'running', 'requires_action']).meta({
  id: 'SessionState',
  description:
    'What an active session is doing; also `running` during autonomous work after a background task; `idle` if the session has expired or ended',
})

const metadata = jsonObject(16 * 1024).meta({ description: "The caller's data; at most 16 KiB as JSON" })
// PostgreSQL cannot hold the character in a text, and no title needs it.
const title = z
  .string()
  .max(500)
  .refine(value => !value.includes('\0'), { message: 'must not contain NUL' })
  .refine(...toBeSeen)
export const tag = z
  .string()
  .min(1)
  .max(50)
  .refine(value => value === value.trim() && value.isWellFormed() && !/\p{Cc}/u.test(value), {
    message: 'must have no control characters, and no white space at its ends',
  })
  .refine(...toBeSeen)
export const titleSource = z
  .enum(['claude', 'caller'])
  .meta({ id: 'TitleSource', description: 'Who gave a title' })
const tags = z
  .array(tag)
  .max(20)
  .refine(values => new Set(values).size === values.length, { message: 'must not repeat a tag' })
export const createSessionRequest = z
  .strictObject({
    sessionId: z.uuid().toLowerCase().optional().meta({
      description:
        'The id of the new session, a UUID of any version but 8; `SESSION_ID_TAKEN` if there is such a session. Absent: a random one',
    }),
    preset: presetReference.optional(),
    ...sessionConfiguration.shape,
    metadata: metadata.optional(),
    title: title.optional().meta({ description: 'A title for people' }),
    tags: tags.optional().meta({ description: 'Words to find the session by; upper and lower case differ' }),
  })
  .meta({ id: 'CreateSessionRequest' })

export const patchSessionRequest = z
  .strictObject({
    title: title.nullable().optional().meta({ description: 'A title for people; null: none' }),
    metadata: metadata.optional(),
    tags: tags.optional().meta({
      description: 'Replaces all tags. Can also be changed after the session has ended or expired',
    }),
    archived: z.boolean().optional().meta({
      description:
        'Whether lists leave the session out; a new turn sets it to false. Can also be changed after the session has ended or expired',
    }),
    model: model.nullable().optional().meta({ description: 'Applies from the next turn; null: the default' }),
    permissionMode: permissionMode.optional().meta({ description: 'Applies from the next turn' }),
    maxTurns: maxTurns
      .nullable()
      .optional()
      .meta({ description: 'Applies from the next turn; null: no limit' }),
    ...changeableSettings,
  })
  .meta({ id: 'PatchSessionRequest' })

const common = {
  sessionId: sessionIdentifier,
  model: z.string().nullable().meta({ description: 'null until known, if none was requested' }),
  status: sessionStatus,
  createdAt: timestamp,
  expiresAt: timestamp,
  tenant: tenantName.meta({ description: 'The tenant that the session belongs to' }),
  createdBy,
}

export const createSessionResponse = z.strictObject(common).meta({ id: 'CreateSessionResponse' })

const lastTurn = z
  .strictObject({
    turnId: turnIdentifier,
    status: turnStatus,
    endedAt: timestamp.nullable().meta({ description: 'When it ended; null: it has not ended' }),
  })
  .meta({ id: 'LastTurn', description: 'The turn that was accepted last' })

/** The fields that a list and a session have in common. */
const summary = {
  ...common,
  metadata: z.record(z.string(), z.unknown()).meta({ description: "The caller's data" }),
  title: z.string().nullable().meta({ description: 'A title for people; null: none' }),
  titleSource: titleSource.nullable().meta({
    description: 'Who gave the title: `claude` (the setting `titles`) or `caller`; null: there is none',
  }),
  tags: z.array(z.string()).meta({ description: 'The tags, in the order in which they were given' }),
  archived: z.boolean().meta({ description: 'Whether lists leave the session out unless asked for it' }),
  state: sessionState,
  lastActivity: timestamp.meta({
    description: 'When a turn was last accepted or ended; before the first one, when the session was created',
  }),
  costUsd: z.number().min(0).meta({
    description:
      'The known cost of all turns and autonomous work in US dollars, as estimated by Claude Code; a running turn counts when it ends or is suspended',
  }),
  openRequests: z
    .int()
    .min(0)
    .meta({ description: 'The number of permission requests that wait for an answer' }),
  lastTurn: lastTurn.nullable().meta({ description: 'The turn that was accepted last; null: there is none' }),
  forkedFrom: forkedFrom
    .nullable()
    .meta({ description: 'The session that this one was forked from; null: it began empty' }),
  preset: usedPreset
    .nullable()
    .meta({ description: 'The preset that the session was made of; null: none. Forks keep it' }),
}

export const sessionSummary = z
  .strictObject({
    ...summary,
    cwd: z.string().meta({ description: 'The working directory' }),
    branch: z.string().nullable().meta({
      description:
        'The git branch of a worktree, or the branch or tag that was requested for a clone; null: not known',
    }),
  })
  .meta({ id: 'SessionSummary' })

export const session = z
  .strictObject({
    ...summary,
    backgroundTasks: z.int().min(0).meta({
      description:
        'The number of running background tasks, with or without a running turn; see `GET .../tasks`',
    }),
    messageCount: z.int().min(0).meta({
      description: 'The number of stored messages; messages that retention has removed do not count',
    }),
    config: z
      .strictObject({
        cwd: z.string().meta({ description: 'The working directory' }),
        permissionMode,
        model: z.string().nullable().meta({ description: 'The requested model' }),
        appendSystemPrompt: z
          .string()
          .nullable()
          .meta({ description: 'Text that is added to the system prompt; null: none' }),
        maxTurns: z
          .int()
          .nullable()
          .meta({ description: 'Agentic turns that one prompt may take; null: unlimited' }),
        ...sessionSettings.shape,
      })
      .meta({ description: 'The configuration as requested, with defaults' }),
    settingsInForce: z
      .strictObject({
        settingSources: z.array(settingSource).meta({
          description: 'The settings files that take effect; `config.settingSources` has the requested ones',
        }),
        instructions: z.boolean().meta({
          description:
            'Whether the server reads the instructions of the directories as text: `CLAUDE.md`, agents, skills and commands. false if Claude Code reads them itself, or if they are off',
        }),
        trusted: z.boolean().meta({
          description: "Whether the server's owner trusts all the session's directories",
        }),
      })
      .meta({ id: 'SettingsInForce', description: 'The settings files and instructions that take effect' }),
    workspace,
    workingDirectory: z.string().meta({
      description:
        "The current directory of Claude's shell: `config.cwd`, or the directory that a command or a worktree has changed to. A new process starts in `config.cwd` again, or in the worktree, and Claude is told so",
    }),
    claudeSessionId: z.string().meta({ description: "Claude Code's id of the conversation" }),
    transcript: z.enum(['complete', 'incomplete']).meta({
      description:
        "Whether the store has everything that is needed to resume the conversation; `incomplete`: Claude Code's own files are needed too",
    }),
    lastSequence: z.int().min(0).meta({ description: "The sequence of the log's newest event" }),
  })
  .meta({ id: 'Session' })

export const createSessionQuery = z.strictObject({ tenant: tenantParameter })

export const listSessionsQuery = z.strictObject({
  tenant: tenantParameter,
  status: z
    .enum(['active', 'expired', 'ended', 'all'])
    .default('active')
    .meta({ description: 'Only sessions with this status' }),
  archived: z.enum(['false', 'true', 'all']).default('false').meta({
    description: '`false`: without archived sessions; `true`: only archived sessions; `all`: both',
  }),
  tag: repeatableParameter(tag, 20).meta({
    description: 'Only sessions with this tag; several, as in `tag=a&tag=b`: only sessions with all of them',
  }),
  preset: presetReference.optional().meta({
    description: 'Only sessions that were made of this preset: a name, or one version as `name@version`',
  }),
  state: sessionState.optional().meta({ description: 'Only sessions in this state' }),
  lastTurn: turnStatus.optional().meta({ description: 'Only sessions whose last turn has this status' }),
  cwd: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .meta({ description: 'Only sessions with exactly this working directory' }),
  limit: integerParameter(1, 200).default(50).meta({ description: 'Entries per page' }),
  cursor: z.string().min(1).max(200).optional().meta({ description: '`nextCursor` of the previous page' }),
})

export const listSessionsResponse = z
  .strictObject({
    sessions: z.array(sessionSummary).meta({ description: 'The sessions of this page' }),
    total: z.int().min(0).meta({ description: 'The number of all matches, not only of this page' }),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'The `cursor` of the next page; null: this is the last page' }),
  })
  .meta({ id: 'ListSessionsResponse' })

export const eventsQuery = z.strictObject({
  after: z
    .string()
    .regex(/^(latest|\d{1,15})$/, 'must be a sequence number or "latest"')
    .optional()
    .meta({ description: 'Replay the events after this sequence; `latest`: none' }),
  turnId: idParameter.optional().meta({ description: 'Only events of this turn; the stream ends with it' }),
  includeDeltas: booleanParameter.default(false).meta({
    description:
      'Also send what is only live: `delta` and `delta.voided` (pieces of messages), `activity`, `suggestion`',
  }),
  view,
  ticket: z.string().min(1).max(4_000).optional().meta({
    description:
      'In place of a key, for browsers that cannot send headers: from `POST /tickets`. It works once; after a broken connection, take a new one and pass `after`',
  }),
})

export type PermissionMode = z.infer<typeof permissionMode>
export type SessionStatus = z.infer<typeof sessionStatus>
export type TitleSource = z.infer<typeof titleSource>
export type SessionState = z.infer<typeof sessionState>
/** The body of `POST /sessions`; every field is optional. */
export type CreateSessionRequest = z.input<typeof createSessionRequest>
export type PatchSessionRequest = z.input<typeof patchSessionRequest>
export type CreateSessionResponse = z.infer<typeof createSessionResponse>
export type SessionSummary = z.infer<typeof sessionSummary>
export type Session = z.infer<typeof session>
export type ListSessionsResponse = z.infer<typeof listSessionsResponse>
