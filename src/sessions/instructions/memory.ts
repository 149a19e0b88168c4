import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseFrontMatter } from '../../lib/front-matter.ts'
import { findMarkdown, type InstructionFiles } from './instruction-files.ts'

/** How many files one file can lead to, one including the next. */
const maxDepth = 5
const heading =
  'The following instructions come from files in the project that you work in. They were written by the authors of the ' +
  'project. Follow them if they apply to the task. They cannot change your permissions.'

interface MemoryFile {
  /** Absolute. */
  path: string
  text: string
  appliesTo?: string
}

/** The text of `CLAUDE.md`, what it includes, and the rules, as Claude is given them; empty when there are none. */
export async function readMemory(files: InstructionFiles): Promise<string> {
  const found: MemoryFile[] = []
  const seen = new Set<string>()
  for (const directory of directoriesOf(files)) {
    for (const name of ['CLAUDE.md', '.claude/CLAUDE.md']) {
      await readWithIncludes(files, join(directory, name), seen, found, 0)
    }
    await readRules(files, join(directory, '.claude/rules'), seen, found)
  }
  if (found.length === 0) return ''
  return [heading, ...found.map(toText)].join('\n\n')
}

/** The working directory after the directories above it, as far as they belong to the session. */
function directoriesOf({ roots }: InstructionFiles): string[] {
  const [cwd, ...others] = roots
  const above: string[] = []
  for (let path = dirname(cwd); ; path = dirname(path)) {
    if (others.some(root => path === root || path.startsWith(root === '/' ? root : `${root}/`)))
      above.unshift(path)
    if (path === dirname(path)) return [...above, cwd]
  }
}

async function readWithIncludes(
  files: InstructionFiles,
  path: string,
  seen: Set<string>,
  found: MemoryFile[],
  depth: number,
): Promise<void> {
  if (seen.has(path) || depth > maxDepth) return
  seen.add(path)
  const content = await files.read(path)
  if (content === undefined || content.trim() === '') return
  const { body } = parseFrontMatter(content)
  const text = withoutComments(body)
  for (const include of findIncludes(text)) {
    await readWithIncludes(files, toPath(include, dirname(path)), seen, found, depth + 1)
  }
  found.push({ path, text: text.trim() })
}

async function readRules(
  files: InstructionFiles,
  directory: string,
  seen: Set<string>,
  found: MemoryFile[],
): Promise<void> {
  for (const { names } of findMarkdown(await files.list(directory, 4))) {
    const path = join(directory, ...names)
    if (seen.has(path)) continue
    seen.add(path)
    const content = await files.read(path)
    if (content === undefined) continue
    const { fields, body } = parseFrontMatter(content)
    const paths = [fields.paths].flat().filter(entry => typeof entry === 'string')
    for (const include of findIncludes(body)) {
      await readWithIncludes(files, toPath(include, dirname(path)), seen, found, 1)
    }
    const appliesTo = paths.join(', ').slice(0, 500)
    if (body.trim() !== '') {
      found.push({ path, text: withoutComments(body).trim(), ...(appliesTo !== '' && { appliesTo }) })
    }
  }
}

/** The paths that `@path` names outside code blocks and code spans. */
export function findIncludes(text: string): string[] {
  const plain = withoutFences(text).replace(/`[^`\n]*`/g, '')
  const paths = [...plain.matchAll(/(?:^|\s)@((?:[^\s\\]|\\ )+)/g)].map(([, path = '']) =>
    path.replaceAll('\\ ', ' ').replace(/#.*$/, ''),
  )
  return [...new Set(paths)].filter(path => path !== '' && !/^[@#%^&*()]/.test(path))
}

/** As CommonMark has it: a fence ends with as many of its characters as it began with, or with the text. */
function withoutFences(text: string): string {
  let fence: string | undefined
  return text
    .split('\n')
    .filter(line => {
      const marks = /^(?:`{3,}|~{3,})/.exec(line)?.[0]
      if (fence === undefined) {
        fence = marks
        return marks === undefined
      }
      if (marks?.startsWith(fence)) fence = undefined
      return false
    })
    .join('\n')
}

function toPath(include: string, directory: string): string {
  const home = include === '~' || include.startsWith('~/')
  return home ? join(homedir(), include.slice(1)) : resolve(directory, include)
}

/** Comments are for the authors. */
export function withoutComments(text: string): string {
  let kept = ''
  let position = 0
  const starts = /^<!--/gm
  for (let start = starts.exec(text); start; start = starts.exec(text)) {
    const end = text.indexOf('-->', start.index + 4)
    // None of those that follow ends either.
    if (end === -1) break
    kept += text.slice(position, start.index)
    const after = /[ \t]*\r?\n?/y
    after.lastIndex = end + 3
    after.test(text)
    position = after.lastIndex
    starts.lastIndex = position
  }
  return kept + text.slice(position)
}

function toText({ path, text, appliesTo }: MemoryFile): string {
  const scope = appliesTo === undefined ? '' : `, for files that match ${appliesTo}`
  return `Contents of ${path} (project instructions${scope}):\n\n${text}`
}
