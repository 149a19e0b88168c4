import type { AvailableCommand } from '@agentclientprotocol/sdk'
import type { Command } from '../../client/index.ts'
import { shorten } from '../../lib/shorten.ts'

const longestDescription = 300

export function toAvailableCommand({ name, description, argumentHint }: Command): AvailableCommand {
  return {
    name,
    description: shorten(description, longestDescription),
    ...(argumentHint !== '' && { input: { hint: argumentHint } }),
  }
}
