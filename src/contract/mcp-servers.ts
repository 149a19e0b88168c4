import { z } from 'zod'

/** Replaces secrets wherever a configuration is shown; secrets are write-only. */
export const redacted = '***'

const secret = z
  .string()
  .max(16 * 1024)
  .refine(value => value !== redacted, {
    message: 'must be the secret itself, not the placeholder that it is shown as',
  })

/** @param kind the kind of name, for the message */
function secretsByName(name: RegExp, kind: string, value: z.ZodType<string, string> = secret) {
  return z
    .record(z.string().max(200).regex(name, `must be the name of ${kind}`), value)
    .refine(all => Object.keys(all).length <= 100, { message: 'must have at most 100 entries' })
}

const headerValue = secret.refine(value => /^[\t\x20-\x7e\x80-\xff]*$/.test(value), {
  message: 'must not contain line breaks: it is sent in a header',
})
const variableValue = secret.refine(value => !value.includes('\0'), { message: 'must not contain NUL' })

/** Variables of an environment; their values are secrets. */
export const environmentVariables = secretsByName(/^[A-Za-z_]\w*$/, 'a variable', variableValue)

const url = z
  .url({ protocol: /^https?$/ })
  .max(4096)
  .refine(value => !hasCredentials(value), {
    message: 'must not contain a user or password; use headers instead',
  })
  .refine(value => !isRedactedUrl(value), { message: 'must be the URL itself, not the one that is shown' })
  .meta({ description: `The query string is shown as \`${redacted}\`` })

const common = {
  timeout: z
    .int()
    .min(1_000)
    .max(24 * 60 * 60 * 1000)
    .optional()
    .meta({
      description: "Timeout of one tool call in milliseconds; absent: Claude Code's default",
    }),
  alwaysLoad: z.boolean().optional().meta({
    description:
      'Whether Claude sees all tools of the server from the start; the first turn then waits up to five seconds for them. Otherwise Claude finds the tools by searching',
  }),
}
const headers = secretsByName(/^[\w!#$%&'*+.^`|~-]+$/, 'a header', headerValue)
  .optional()
  .meta({
    description: `Sent with each request. Values are write-only: they are shown as \`${redacted}\``,
  })

export const mcpServer = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('http'), url, headers, ...common }),
    z.strictObject({ type: z.literal('sse'), url, headers, ...common }),
    z.strictObject({
      type: z.literal('stdio'),
      command: z.string().min(1).max(4096).meta({ description: 'The program to start' }),
      args: z
        .array(z.string().max(4096))
        .max(200)
        .optional()
        .meta({ description: 'Arguments of the program' }),
      env: environmentVariables
        .optional()
        .meta({ description: `Values are write-only: they are shown as \`${redacted}\`` }),
      ...common,
    }),
  ])
  .meta({
    id: 'McpServer',
    description:
      '`stdio` starts a program and needs the server option `allowStdioMcpServers` (SDK option `mcpServers`)',
  })

/** MCP servers by name; Claude calls their tools `mcp__<name>__<tool>`. */
export const mcpServers = z
  .record(
    z
      .string()
      .max(64)
      .regex(
        /^(?!.*__)[A-Za-z0-9][\w-]*$/,
        'must be the name of an MCP server: letters, digits, - and _, but not __',
      ),
    mcpServer,
  )
  .refine(all => Object.keys(all).length <= 50, { message: 'must have at most 50 entries' })

export function hasCredentials(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { username, password } = new URL(value)
  return username !== '' || password !== ''
}

/** Whether it is a URL as configurations are shown. */
function isRedactedUrl(value: string): boolean {
  return URL.canParse(value) && new URL(value).search === `?${redacted}`
}

export type McpServer = z.infer<typeof mcpServer>
export type McpServers = z.infer<typeof mcpServers>
