import { z } from 'zod'
import type { ClaudeCodeClient, CreateSessionRequest } from '../../client/index.ts'
import { readAgentPreset } from './agent-preset.ts'
import { mcpServers, model, skills, system, tools } from './agent-schema.ts'
import { askingSettings, toToolSettings } from './agent-settings.ts'
import { keepTools, readAgentMetadata, toDefinition, toGivenTools } from './agent-view.ts'
import { invalid, withFieldsOf } from './errors.ts'
import type { KeptAgent, SessionMetadata } from './open-session.ts'
import { handOver } from './self-hosted.ts'

const version = z.int().min(1).optional()
/** The agent of a new session: its id, a version of it, or one with other parts. */
export const agentOfSession = z.preprocess(
  value => (typeof value === 'string' ? { type: 'agent', id: value } : value),
  z.discriminatedUnion(
    'type',
    [
      z.strictObject({ type: z.literal('agent'), id: z.string(), version }),
      z.strictObject({
        type: z.literal('agent_with_overrides'),
        id: z.string(),
        version,
        model: model.optional(),
        system,
        tools: tools.optional(),
        mcp_servers: mcpServers.optional(),
        skills: skills.optional(),
      }),
    ],
    {
      error: ({ code }) =>
        (code as string) === 'invalid_type'
          ? 'must be an id or an object'
          : 'must be agent or agent_with_overrides',
    },
  ),
)

type GivenAgent = z.output<typeof agentOfSession>
type Overrides = Partial<Extract<GivenAgent, { type: 'agent_with_overrides' }>>

/** The fields of the session that its agent decides. */
export async function toAgentPart(
  api: ClaudeCodeClient,
  given: GivenAgent,
  environmentType: SessionMetadata['environmentType'],
): Promise<{
  request: CreateSessionRequest
  agent: KeptAgent
  /** Names fields in errors about the request. */
  named: ReturnType<typeof withFieldsOf>
  overrides?: NonNullable<SessionMetadata['overrides']>
}> {
  const preset = await readAgentPreset(api, given.id, given.version, 'agent')
  if (preset.archived) throw invalid('agent', 'must not be archived')
  const overrides: Overrides = given.type === 'agent_with_overrides' ? given : {}
  const request: CreateSessionRequest = {
    preset: `${preset.name}@${preset.version}`,
    ...(preset.configuration.permissionPrompts === undefined && askingSettings),
  }
  const known = readAgentMetadata(preset)
  const agent: KeptAgent = {
    name: known?.name ?? preset.name,
    description: preset.description,
    ...(known?.tools && { tools: known.tools }),
  }
  const kept: NonNullable<SessionMetadata['overrides']> = {}
  if (overrides.model) {
    kept.model = true
    request.model = overrides.model.id
    if (overrides.model.effort) request.effort = overrides.model.effort.type
    else if (preset.configuration.effort)
      throw invalid('agent.model.effort', 'is required: the agent has one')
  }
  if (overrides.system !== undefined) {
    kept.system = true
    request.systemPrompt = overrides.system || { type: 'preset', preset: 'claude_code' }
  }
  const { tools: givenTools, mcp_servers: givenServers } = overrides
  const definition = toDefinition(preset)
  const servers = givenServers ?? definition.mcp_servers
  const isSelfHosted = environmentType === 'self_hosted'
  if (givenTools || givenServers || isSelfHosted) {
    const all = givenTools ?? (known?.tools && toGivenTools(known.tools, preset.configuration))
    if (!all) throw invalid('agent.tools', 'is required: the preset has rules of its own')
    const settings = toToolSettings(all, servers, 'agent.')
    // Hooks of the agent would stay where the session has none.
    Object.assign(request, { clientHooks: {} }, isSelfHosted ? handOver(settings, all) : settings)
    if (givenTools) kept.tools = keepTools(givenTools)
    if (givenServers) kept.mcp_servers = true
  }
  const named = withFieldsOf(givenTools ?? definition.tools, servers, 'agent.')
  return { request, agent, named, ...(Object.keys(kept).length > 0 && { overrides: kept }) }
}
