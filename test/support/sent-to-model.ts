import type { StandInModel } from '../../src/demo/stand-in-model.ts'

/** A request to the Messages API, as far as tests look into it. */
export interface SentRequest {
  model: string
  agentId: string | undefined
  /** The whole system prompt. */
  system: string
  tools: string[]
  toolSchemas: Record<string, unknown>
  effort: string | undefined
  thinking: { type: string; budget_tokens?: number } | undefined
  /** All of it, as JSON. */
  text: string
}

/** What Claude Code sent for prompts, oldest first. */
export function sentTo({ requests }: Pick<StandInModel, 'requests'>): SentRequest[] {
  return requests.filter(({ kind }) => kind === 'prompt').map(({ body, agentId }) => toSent(body, agentId))
}

interface Body {
  model: string
  system?: { text: string }[]
  tools?: { name: string; input_schema?: unknown }[]
  output_config?: { effort?: string }
  thinking?: { type: string; budget_tokens?: number }
}

function toSent(body: unknown, agentId: string | undefined): SentRequest {
  const { model, system = [], tools = [], output_config, thinking } = body as Body
  return {
    model,
    agentId,
    system: system.map(({ text }) => text).join('\n'),
    tools: tools.map(({ name }) => name),
    toolSchemas: Object.fromEntries(tools.map(({ name, input_schema }) => [name, input_schema])),
    effort: output_config?.effort,
    thinking,
    text: JSON.stringify(body),
  }
}
