import { z } from 'zod'
import { effort } from '../../contract/agent-definitions.ts'
import { clientServerName } from '../../contract/client-requests.ts'
import { invalid } from './errors.ts'
import { builtInNames } from './tool-names.ts'

const keyLength = 64
const valueLength = 512
const mostKeys = 16

/** The caller's data: up to 16 texts. */
export const metadata = z
  .record(z.string().max(keyLength), z.string().max(valueLength))
  .refine(value => Object.keys(value).length <= mostKeys, { message: `must have at most ${mostKeys} keys` })
/** Changes of metadata; null removes a key. */
export const metadataPatch = z.record(z.string().max(keyLength), z.string().max(valueLength).nullable())

/** The metadata after a change. */
export function patchMetadata(
  before: Record<string, string>,
  patch: Record<string, string | null> | null | undefined,
): Record<string, string> {
  if (patch === undefined) return before
  if (patch === null) return {}
  const kept = Object.entries({ ...before, ...patch }).filter(([, value]) => value !== null)
  if (kept.length > mostKeys) throw invalid('metadata', `must have at most ${mostKeys} keys`)
  return Object.fromEntries(kept) as Record<string, string>
}

const notSupported = { error: 'is not supported by this server' }
const none = z.null(notSupported).optional()
/** Lists that must be empty. */
export const emptyList = z.array(z.never()).max(0, notSupported)

const policy = z
  .strictObject({
    type: z.enum(['always_allow', 'always_ask'], { error: 'must be always_allow or always_ask' }),
  })
  .nullish()

export const model = z.preprocess(
  value => (typeof value === 'string' ? { id: value } : value),
  z.strictObject(
    {
      id: z.string().min(1).max(200),
      effort: z
        .preprocess(
          value => (typeof value === 'string' ? { type: value } : value),
          z.strictObject({ type: effort }, 'must be a level or an object').nullable(),
        )
        .optional(),
      speed: z.literal('standard', notSupported).nullish(),
      inference_geo: none,
    },
    'must be an id or an object',
  ),
)

/** Options of single tools that Claude Code has no counterpart of. */
const withoutEffect = {
  allowed_domains: emptyList.optional(),
  blocked_domains: emptyList.optional(),
  max_content_tokens: none,
  url_sources: none,
  user_location: none,
}
const toolset = z.strictObject({
  type: z.literal('agent_toolset_20260401'),
  default_config: z.strictObject({ enabled: z.boolean().nullish(), permission_policy: policy }).nullish(),
  configs: z
    .array(
      z
        .strictObject({
          name: z.enum(builtInNames),
          type: z.string().optional(),
          enabled: z.boolean().nullish(),
          permission_policy: policy,
          ...withoutEffect,
        })
        .refine(({ name, type = name }) => type === name, { path: ['type'], message: 'must be the name' }),
    )
    .optional(),
})
const mcpToolset = z.strictObject({
  type: z.literal('mcp_toolset'),
  mcp_server_name: z.string().min(1),
  default_config: z
    .strictObject({
      enabled: z.literal(true, { error: 'must be true: name the tools that are off' }).nullish(),
      permission_policy: policy,
    })
    .nullish(),
  configs: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[\w-]{1,128}$/, 'must be the name of a tool'),
        enabled: z.boolean().nullish(),
        permission_policy: policy,
      }),
    )
    .optional(),
})
const customTool = z.strictObject({
  type: z.literal('custom'),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ and -'),
  description: z.string().min(1).max(10_000),
  input_schema: z.looseObject({ type: z.literal('object') }),
})

export const tools = z.array(z.discriminatedUnion('type', [toolset, mcpToolset, customTool])).max(256)
export const mcpServers = z
  .array(
    z.strictObject({
      type: z.literal('url'),
      name: z
        .string()
        .max(64)
        .regex(/^(?!.*__)[A-Za-z0-9][\w-]*$/, 'must be letters, digits, - and _, but not __')
        .refine(value => value !== clientServerName, {
          message: 'must be another name: Claude finds custom tools under this one',
        }),
      url: z.url({ protocol: /^https?$/ }).refine(value => !URL.canParse(value) || !new URL(value).search, {
        message: 'must not have a query string: it would count as a secret and could not be shown',
      }),
    }),
  )
  .max(20)

export const name = z.string().min(1).max(256)
/** A preset's description has no more. */
export const description = z.string().max(2_000).nullish()
export const system = z.string().max(100_000).nullish()
export const skills = emptyList

export const createAgentBody = z.strictObject({
  name,
  model,
  description,
  system,
  tools: tools.optional(),
  mcp_servers: mcpServers.optional(),
  metadata: metadata.optional(),
  skills: skills.optional(),
  multiagent: none,
  execution_identity: z.strictObject({ type: z.literal('service_account', notSupported) }).nullish(),
})

export const updateAgentBody = createAgentBody.partial().extend({
  version: z.int().min(1).optional(),
  tools: tools.nullish(),
  mcp_servers: mcpServers.nullish(),
  metadata: metadataPatch.nullish(),
  skills: skills.nullish(),
})

export type GivenTool = z.output<typeof tools>[number]
export type GivenServer = z.output<typeof mcpServers>[number]
