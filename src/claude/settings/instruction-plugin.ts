import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Options } from '@anthropic-ai/claude-agent-sdk'
import type { Prompt } from '../../contract/turns.ts'
import type { InstructedSkill } from '../../sessions/ports/index.ts'

/** The name of the plugin, with which Claude Code prefixes its skills. */
const pluginName = 'project'
const prefix = `${pluginName}:`

/**
 * The skills and commands of a session's directories, packaged as a plugin. Only in this way does Claude Code load
 * skills without the settings beside them. The directory has copies of the texts and is removed with the process.
 */
export class InstructionPlugin {
  /** Undefined: there are no skills. */
  readonly directory: string | undefined
  readonly #names: ReadonlySet<string>

  /** @param parent a directory of the server; undefined: the system's temporary directory */
  constructor(skills: readonly InstructedSkill[], parent: string | undefined) {
    this.#names = new Set(skills.map(({ name }) => name))
    this.directory = skills.length > 0 ? writePlugin(skills, parent ?? tmpdir()) : undefined
  }

  get options(): Pick<Options, 'plugins'> {
    if (this.directory === undefined) return {}
    return { plugins: [{ type: 'local', path: this.directory, skipMcpDiscovery: true }] }
  }

  /** Completes the command's name in a prompt, because a name with a directory must be complete for Claude Code. */
  qualify(prompt: Prompt): Prompt {
    if (typeof prompt === 'string') return this.#qualifyText(prompt)
    const last = prompt.findLastIndex(block => block.type === 'text')
    return prompt.map((block, index) =>
      index === last && block.type === 'text' ? { ...block, text: this.#qualifyText(block.text) } : block,
    )
  }

  #qualifyText(text: string): string {
    const [, start = '', name = ''] = /^(\s*\/)(\S+)/.exec(text) ?? []
    if (!name.includes(':') || !this.#names.has(name)) return text
    return start + prefix + text.slice(start.length)
  }

  remove(): void {
    if (this.directory !== undefined) rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Returns the name of a skill or command in the session's directories. */
export function toPlainName(name: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name
}

/** Adds the source of a skill in the same place as Claude Code does for its own skills. */
export function toPlainDescription(name: string, description: string): string {
  if (!name.startsWith(prefix)) return description
  const source = `(${pluginName})`
  const plain = description.startsWith(source) ? description.slice(source.length).trimStart() : description
  return plain.endsWith(source) ? plain : `${plain} ${source}`
}

function writePlugin(skills: readonly InstructedSkill[], parent: string): string {
  mkdirSync(parent, { recursive: true, mode: 0o700 })
  const directory = mkdtempSync(join(parent, 'claude-code-api-skills-'))
  write(join(directory, '.claude-plugin'), 'plugin.json', JSON.stringify({ name: pluginName }))
  for (const [index, skill] of skills.entries()) {
    // The front matter has the name; the directory only needs a unique one.
    const name = skill.name.includes(':') ? `${skill.name.replaceAll(':', '-')}-${index}` : skill.name
    write(join(directory, 'skills', name), 'SKILL.md', toSkillFile(skill))
  }
  return directory
}

function write(directory: string, name: string, text: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(join(directory, name), text, { mode: 0o600 })
}

/** Formats a value as JSON, which is valid YAML, so that it cannot add fields. */
function toSkillFile({
  name,
  description,
  argumentHint,
  userOnly,
  disallowedTools,
  body,
}: InstructedSkill): string {
  const fields = {
    name,
    description,
    ...(argumentHint !== undefined && { 'argument-hint': argumentHint }),
    ...(userOnly && { 'disable-model-invocation': true }),
    ...(disallowedTools && { 'disallowed-tools': disallowedTools }),
  }
  const lines = Object.entries(fields).map(([field, value]) => `${field}: ${JSON.stringify(value)}`)
  return ['---', ...lines, '---', body, ''].join('\n')
}
