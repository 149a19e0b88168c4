import type { Instructions, WorkspaceFiles, WorkspaceRoots } from '../ports/index.ts'
import { readAgents } from './agents.ts'
import { InstructionFiles } from './instruction-files.ts'
import { readMemory } from './memory.ts'
import { readSkills } from './skills.ts'

/**
 * The instructions in a session's directories: regular files of bounded length inside them; links that lead
 * outside are not followed. What cannot be read is left out.
 */
export async function readInstructions(files: WorkspaceFiles, roots: WorkspaceRoots): Promise<Instructions> {
  const reader = new InstructionFiles(files, roots)
  return {
    memory: await readMemory(reader),
    agents: await readAgents(reader),
    skills: await readSkills(reader),
  }
}
