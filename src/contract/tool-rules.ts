import { z } from 'zod'

/** Lists of tools are passed on Claude Code's command line, where one argument must be shorter than 128 KiB. */
const longestListBytes = 64 * 1024

const toolName = z
  .string()
  .max(200)
  .regex(/^(?!mcp__)[A-Za-z][\w-]*$/, 'must be the name of a built-in tool')

// Claude Code takes the first closing bracket for the end of a rule, and a comma or blank after it for the
// beginning of the next rule, so neither may follow a bracket inside a rule.
const toolRule = z
  .string()
  .max(2_000)
  .regex(
    /^[A-Za-z_][\w-]*\*?(?:\((?!\))[^()\p{Cc}]*(?:\([^()\p{Cc}]*\)[^()\p{Cc},\s]*)*\))?$/u,
    "must be a tool such as Bash, an MCP server's tools such as mcp__name__tool or mcp__name__*, or a rule such as Bash(git *), without a comma or blank after brackets inside it",
  )

// Claude Code ignores a wildcard over all servers in allow-lists.
const allowingRule = toolRule.refine(rule => rule !== 'mcp__*', {
  message: 'must name the server: mcp__name__*',
})

export const allowingRules = z.array(allowingRule).max(200).refine(isShort, { message: tooLong() })
export const toolNames = z.array(toolName).max(200).refine(isShort, { message: tooLong() })
export const toolRules = z.array(toolRule).max(200).refine(isShort, { message: tooLong() })

function isShort(list: readonly string[]): boolean {
  return Buffer.byteLength(list.join()) <= longestListBytes
}

function tooLong(): string {
  return `must be at most ${longestListBytes} bytes together`
}
