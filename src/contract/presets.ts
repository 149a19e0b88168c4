import { z } from 'zod'
import { hasCredentials, redacted } from './mcp-servers.ts'
import {
  createdBy,
  integerParameter,
  jsonObject,
  tenantName,
  tenantParameter,
  timestamp,
} from './primitives.ts'
import { presetName, presetVersion, sessionConfiguration } from './session-configuration.ts'
import { pageParameters, pagination } from './turns.ts'

/** Bounds of what a tenant can store. */
export const presetLimits = {
  presets: 200,
  versions: 1_000,
  /** The size of one configuration as JSON. */
  configurationBytes: 256 * 1024,
  /** Of all configurations of a tenant. */
  totalBytes: 64 * 1024 * 1024,
} as const

export const ofPreset = z.strictObject({ preset: z.string().meta({ description: 'The name of the preset' }) })

const configuration = sessionConfiguration
  .refine(value => Buffer.byteLength(JSON.stringify(value)) <= presetLimits.configurationBytes, {
    message: `must be at most ${presetLimits.configurationBytes} bytes as JSON`,
  })
  .refine(({ cwd, workspace }) => cwd === undefined || workspace === undefined, {
    path: ['cwd'],
    message: 'cannot be combined with workspace',
  })
  .refine(({ workspace }) => workspace?.type !== 'git' || !hasCredentials(workspace.url), {
    path: ['workspace', 'url'],
    message: 'must not contain a user or password: a preset is stored',
  })
  .meta({
    id: 'PresetConfiguration',
    description: `Fields of \`POST /sessions\` except \`title\`, \`metadata\` and \`tags\`, which belong to one session. What is left out has the default of the day on which a session is made. Secrets are write-only: they are shown as \`${redacted}\``,
  })

const description = z
  .string()
  .max(2_000)
  .meta({ description: 'The purpose of the preset, or the changes of this version' })
const metadata = jsonObject(16 * 1024).meta({
  description: "The caller's data about this version, at most 16 KiB as JSON; sessions do not get it",
})

export const createPresetRequest = z
  .strictObject({
    name: presetName,
    description: description.optional(),
    metadata: metadata.optional(),
    configuration,
  })
  .meta({ id: 'CreatePresetRequest' })

export const createPresetVersionRequest = z
  .strictObject({
    description: description.optional(),
    metadata: metadata.optional(),
    configuration,
    expectedVersion: presetVersion.optional().meta({
      description:
        'The newest version that the caller knows; `PRESET_VERSION_CONFLICT` if there is a newer one. Absent: whatever was there',
    }),
  })
  .meta({ id: 'CreatePresetVersionRequest' })

export const patchPresetRequest = z
  .strictObject({
    archived: z.boolean().optional().meta({
      description:
        '`true`: no new sessions and versions, and lists leave the preset out; `false`: it can be used again',
    }),
  })
  .meta({ id: 'PatchPresetRequest' })

export const preset = z
  .strictObject({
    name: presetName,
    version: presetVersion.meta({ description: 'The version that is shown' }),
    latestVersion: presetVersion.meta({ description: 'The newest version' }),
    description: z.string().nullable().meta({ description: 'Of this version; null: none' }),
    metadata: z.record(z.string(), z.unknown()).meta({ description: "The caller's data about this version" }),
    configuration,
    archived: z.boolean().meta({ description: 'Whether it can no longer be used for new sessions' }),
    archivedAt: timestamp.nullable().meta({ description: 'When it was archived; null: it is not' }),
    tenant: tenantName.meta({ description: 'The tenant that the preset belongs to' }),
    createdAt: timestamp.meta({ description: 'When the version was made' }),
    createdBy: createdBy.meta({ description: 'The id of the API key that made the version' }),
  })
  .meta({ id: 'Preset', description: 'One version of a preset' })

/** The tenant of a preset that is named. */
const tenant = tenantParameter.meta({
  description:
    'Keys of the configuration may name any tenant; absent: `default`. Other keys can name their own',
})
const page = pageParameters(50, 20)

export const createPresetQuery = z.strictObject({ tenant: tenantParameter })
export const presetQuery = z.strictObject({ tenant })
export const getPresetQuery = z.strictObject({
  tenant,
  version: integerParameter(1, 999_999_999)
    .optional()
    .meta({ description: 'The version to show; absent: the newest' }),
})
export const listPresetVersionsQuery = z.strictObject({ tenant, ...page })
export const listPresetsQuery = z.strictObject({
  tenant: tenantParameter,
  archived: z.enum(['false', 'true', 'all']).default('false').meta({
    description: '`false`: without archived presets; `true`: only archived presets; `all`: both',
  }),
  ...page,
})
export const listPresetsResponse = z
  .strictObject({
    presets: z.array(preset).meta({ description: 'One page by name, each with its newest version' }),
    pagination,
  })
  .meta({ id: 'ListPresetsResponse' })
export const listPresetVersionsResponse = z
  .strictObject({
    name: presetName,
    versions: z.array(preset).meta({ description: 'One page, newest first' }),
    pagination,
  })
  .meta({ id: 'ListPresetVersionsResponse' })

export type CreatePresetRequest = z.input<typeof createPresetRequest>
export type CreatePresetVersionRequest = z.input<typeof createPresetVersionRequest>
export type Preset = z.infer<typeof preset>
