import type { Options } from '@anthropic-ai/claude-agent-sdk'
import type { AgentSpec, Instructions } from '../../sessions/ports/index.ts'

type SystemPrompt = NonNullable<Options['systemPrompt']>

/** Builds the SDK's options for the instructions of a session's directories, except system prompt and skills. */
export function toInstructionOptions({ settings, settingSources, instructions }: AgentSpec): Options {
  const agents = { ...instructions?.agents, ...settings.agents }
  return {
    ...(Object.keys(agents).length > 0 && { agents: agents as NonNullable<Options['agents']> }),
    // An argument could complete an inline command, so these are off. The user's own skills keep theirs.
    ...(settingSources.length === 0 && { settings: { disableSkillShellExecution: true } }),
  }
}

/** Returns the system prompt, followed by the memory of the session's directories. */
export function withMemory(prompt: SystemPrompt, instructions: Instructions | null): SystemPrompt {
  const memory = instructions?.memory ?? ''
  if (memory === '') return prompt
  // Not recorded, because a process that resumes the conversation reads the files again.
  if (typeof prompt === 'string') {
    return { type: 'custom', prompt: prompt === '' ? memory : `${prompt}\n\n${memory}`, snapshot: false }
  }
  if (Array.isArray(prompt) || prompt.type !== 'preset') return prompt
  const append = prompt.append === undefined ? memory : `${prompt.append}\n\n${memory}`
  return { ...prompt, append, snapshot: false }
}
