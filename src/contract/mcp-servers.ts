import { z } from 'zod'

/** Stands for a secret wherever a configuration is shown; secrets can be written only. */
export const redacted = '***'

const secret = z
  .string()
  .max(16 * 1024)
  .refine(value => value !== redacted, { message: 'is what a secret is shown as; send the secret itself' })

/** @param kind of names, for the message */
function secretsByName(name: RegExp, kind: string, value: z.ZodType<string, string> = secret) {
  return z
    .record(z.string().max(200).regex(name, `is no name of ${kind}`), value)
    .refine(all => Object.keys(all).length <= 100, { message: 'must be at most 100' })
}

const headerValue = secret.refine(value => /^[\t\x20-\x7e\x80-\xff]*$/.test(value), {
  message: 'must fit into a header: no line breaks',
})
const variableValue = secret.refine(value => !value.includes('\0'), { message: 'must not contain NUL' })

/** Variables of an environment; their values are secrets. */
export const environmentVariables = secretsByName(/^[A-Za-z_]\w*$/, 'a variable', variableValue)

const url = z
  .url({ protocol: /^https?$/ })
  .max(4096)
  .refine(value => !hasCredentials(value), { message: 'must not carry a user or a password; use headers' })
  .meta({ description: `Its query is shown as \`${redacted}\`` })

const common = {
  timeout: z
    .int()
    .min(1_000)
    .max(24 * 60 * 60 * 1000)
    .optional()
    .meta({
      description: 'Bound of one call of a tool, in milliseconds; absent: the default of Claude Code',
    }),
  alwaysLoad: z.boolean().optional().meta({
    description:
      'Whether Claude sees all of its tools from the start, for which the first turn waits up to five seconds; else it finds them by searching',
  }),
}
const headers = secretsByName(/^[\w!#$%&'*+.^`|~-]+$/, 'a header', headerValue)
  .optional()
  .meta({
    description: `Sent with each request. Values can be written only: they are shown as \`${redacted}\``,
  })

export const mcpServer = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('http'), url, headers, ...common }),
    z.strictObject({ type: z.literal('sse'), url, headers, ...common }),
    z.strictObject({
      type: z.literal('stdio'),
      command: z.string().min(1).max(4096),
      args: z.array(z.string().max(4096)).max(200).optional(),
      env: environmentVariables
        .optional()
        .meta({ description: `Values can be written only: they are shown as \`${redacted}\`` }),
      ...common,
    }),
  ])
  .meta({
    id: 'McpServer',
    description:
      '`stdio` starts a program, which the server allows with `allowStdioMcpServers` (SDK option `mcpServers`)',
  })

/** By name: `mcp__<name>__<tool>` is what Claude calls. */
export const mcpServers = z
  .record(
    z
      .string()
      .max(64)
      .regex(
        /^(?!.*__)[A-Za-z0-9][\w-]*$/,
        'is no name of an MCP server: letters, digits, - and _, but not __',
      ),
    mcpServer,
  )
  .refine(all => Object.keys(all).length <= 50, { message: 'must be at most 50' })

function hasCredentials(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { username, password } = new URL(value)
  return username !== '' || password !== ''
}

export type McpServer = z.infer<typeof mcpServer>
export type McpServers = z.infer<typeof mcpServers>
