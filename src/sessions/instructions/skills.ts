import { join } from 'node:path'
import { parseFrontMatter } from '../../lib/front-matter.ts'
import type { InstructedSkill } from '../ports/index.ts'
import { findMarkdown, type InstructionFiles } from './instruction-files.ts'
import { parseToolNames } from './tool-lists.ts'

const maxSkills = 200
const namePattern = /^[A-Za-z0-9][\w.-]{0,63}(:[A-Za-z0-9][\w.-]{0,63})*$/

/** The skills in `.claude/skills` and the commands in `.claude/commands` of each directory, as text. */
export async function readSkills(files: InstructionFiles): Promise<InstructedSkill[]> {
  const skills = new Map<string, InstructedSkill>()
  const add = async (name: string, path: string, base: string | undefined) => {
    if (skills.size >= maxSkills || skills.has(name) || !namePattern.test(name)) return
    const content = await files.read(path)
    if (content !== undefined) skills.set(name, toSkill(name, content, base))
  }
  for (const root of files.roots) {
    const directory = join(root, '.claude/skills')
    for (const { name, type, escaped } of await files.list(directory, 1)) {
      if (escaped || type === 'file' || type === 'other') continue
      await add(name, join(directory, name, 'SKILL.md'), join(directory, name))
    }
    const commands = join(root, '.claude/commands')
    for (const { names, name } of findMarkdown(await files.list(commands, 4))) {
      await add([...names.slice(0, -1), name].join(':'), join(commands, ...names), undefined)
    }
  }
  return [...skills.values()]
}

/** @param base the directory that holds the other files of a skill */
function toSkill(name: string, content: string, base: string | undefined): InstructedSkill {
  const { fields, body } = parseFrontMatter(content)
  const disallowedTools = parseToolNames(fields['disallowed-tools'])
  const hint = fields['argument-hint']
  return {
    name,
    description: describe(fields.description, body, name),
    ...((typeof hint === 'string' || Array.isArray(hint)) && { argumentHint: toHint(hint) }),
    userOnly: fields['disable-model-invocation'] === true || fields['disable-model-invocation'] === 'true',
    ...(disallowedTools && { disallowedTools }),
    body: toInertText(base === undefined ? body : withBase(body, base)).trim(),
  }
}

function describe(description: unknown, body: string, name: string): string {
  if (typeof description === 'string' && description.trim() !== '') return oneLine(description)
  const first = body.split('\n').find(line => line.trim() !== '')
  return first === undefined ? name : oneLine(first.replace(/^#+\s*/, ''))
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 1_000)
}

/** YAML reads an unquoted `[name]` as a list. */
function toHint(hint: string | unknown[]): string {
  return oneLine(typeof hint === 'string' ? hint : `[${hint.join(', ')}]`).slice(0, 200)
}

/** Claude Code names the directory of its own copy, which holds the text alone. */
function withBase(body: string, base: string): string {
  const text = body.replace(/\$\{CLAUDE_(SKILL_DIR|PLUGIN_ROOT)\}/g, () => base)
  return `The other files of this skill are in ${base}\n\n${text}`
}

/**
 * The text without what Claude Code would run before Claude reads it: `` !`command` ``, also where an argument could
 * complete it, and blocks that begin with ```` ```! ````. A space keeps them readable.
 */
export function toInertText(text: string): string {
  return text.replace(/!(?=[`$])/g, '! ').replace(/(?<=```|~~~)!/g, ' !')
}
