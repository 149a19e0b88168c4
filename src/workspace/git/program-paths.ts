/** Directories of `.claude` whose Markdown files are instructions, and nothing but text. */
const instructionDirectories = new Set(['agents', 'commands', 'output-styles', 'rules', 'skills'])
const programFiles = new Set(['.mcp.json', '.gitmodules'])
/** Short names that file systems of Windows give `.git`, `.claude`, `.mcp.json` and `.gitmodules`. */
const shortName = /^(git|claude|mcp|gitmod|gi7eba|gi7d29)~\d+(\.jso)?$/

export type PathKind = 'file' | 'directory'

/**
 * Whether a path names what git or Claude Code takes programs or settings from: `.git`, `.claude` without its
 * instructions, `.mcp.json`, `.gitmodules`.
 *
 * @param names of the path, from a directory that programs are not taken from
 * @param kind of what is there, or is to be; a directory counts for itself, not for what is in it
 */
export function isProgramPath(names: readonly string[], kind: PathKind): boolean {
  for (let index = 0; index < names.length; index++) {
    const name = foldName(names[index] ?? '')
    if (name === '.git' || programFiles.has(name) || shortName.test(name)) return true
    if (name !== '.claude') continue
    const rest = names.slice(index + 1).map(foldName)
    // Working trees that Claude Code makes: each is judged from its own top.
    if (rest[0] === 'worktrees' && rest.length > 1) return isProgramPath(names.slice(index + 3), kind)
    return !isInstruction(rest, kind)
  }
  return false
}

/** @param rest names within `.claude` */
function isInstruction(rest: readonly string[], kind: PathKind): boolean {
  const [first = ''] = rest
  if (kind === 'directory') return first === '' || first === 'worktrees' || instructionDirectories.has(first)
  if (rest.length === 1) return first === 'claude.md'
  return instructionDirectories.has(first) && (rest.at(-1) ?? '').endsWith('.md')
}

/**
 * A name as the least particular file system compares it: without regard to case, to characters that are not seen,
 * to compatible forms of a letter, to dots and spaces at the end, and to a named stream of a file.
 */
export function foldName(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}]/gu, '')
    .toUpperCase()
    .toLowerCase()
    .replace(/:.*$/s, '')
    .replace(/[. ]+$/, '')
}
