import type { AvailableCommand } from '@agentclientprotocol/sdk'
import type { Command } from '../../client/index.ts'

const longestDescription = 300

export function toAvailableCommand({ name, description, argumentHint }: Command): AvailableCommand {
  return {
    name,
    description:
      description.length > longestDescription
        ? `${description.slice(0, longestDescription - 1)}…`
        : description,
    ...(argumentHint !== '' && { input: { hint: argumentHint } }),
  }
}
