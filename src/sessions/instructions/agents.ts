import { join } from 'node:path'
import { parseFrontMatter } from '../../lib/front-matter.ts'
import type { InstructedAgent } from '../ports/index.ts'
import { findMarkdown, type InstructionFiles } from './instruction-files.ts'
import { parseToolNames, toToolNames } from './tool-lists.ts'

const maxAgents = 100

/** The subagents in `.claude/agents` of each directory: name, description, text and a narrower list of tools. */
export async function readAgents(files: InstructionFiles): Promise<Record<string, InstructedAgent>> {
  const agents: Record<string, InstructedAgent> = {}
  for (const root of files.roots) {
    const directory = join(root, '.claude/agents')
    for (const { names, name: fileName } of findMarkdown(await files.list(directory, 4))) {
      if (Object.keys(agents).length >= maxAgents) return agents
      const content = await files.read(join(directory, ...names))
      if (content === undefined) continue
      const { fields, body } = parseFrontMatter(content)
      const name = typeof fields.name === 'string' ? fields.name.trim() : fileName
      if (!/^[A-Za-z0-9][\w.-]{0,63}$/.test(name) || Object.hasOwn(agents, name)) continue
      agents[name] = toAgent(name, fields, body)
    }
  }
  return agents
}

function toAgent(name: string, fields: Record<string, unknown>, body: string): InstructedAgent {
  const tools = parseToolNames(fields.tools)
  const disallowedTools = parseToolNames(fields.disallowedTools)
  const description = typeof fields.description === 'string' ? fields.description.slice(0, 2_000).trim() : ''
  return {
    description: description === '' ? `The project's agent ${name}` : description,
    prompt: body.trim() === '' ? `You are ${name}.` : body.trim(),
    ...(tools && { tools: toToolNames(tools) }),
    ...(disallowedTools && { disallowedTools }),
  }
}
