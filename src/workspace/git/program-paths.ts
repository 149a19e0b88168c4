/** Directories in `.claude` whose Markdown files are instructions and plain text. */
const instructionDirectories = new Set(['agents', 'commands', 'output-styles', 'rules', 'skills'])
const programFiles = new Set(['.mcp.json', '.gitmodules'])
/** Short names of `.git`, `.claude`, `.mcp.json` and `.gitmodules` on Windows file systems. */
const shortName = /^(git|claude|mcp|gitmod|gi7eba|gi7d29)~\d+(\.jso)?$/

export type PathKind = 'file' | 'directory'

/**
 * Whether git or Claude Code would take programs or settings from a path: `.git`, `.claude` except its instructions,
 * `.mcp.json`, `.gitmodules`.
 *
 * @param names the names of the path, relative to a directory that programs are not taken from
 * @param kind the kind of the file; for a directory, its content is not considered
 */
export function isProgramPath(names: readonly string[], kind: PathKind): boolean {
  for (let index = 0; index < names.length; index++) {
    const name = foldName(names[index] ?? '')
    if (name === '.git' || programFiles.has(name) || shortName.test(name)) return true
    if (name !== '.claude') continue
    const rest = names.slice(index + 1).map(foldName)
    // Working trees that Claude Code creates are checked from their own top.
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
 * Normalizes a name like the most lenient file system: ignores case, invisible characters, compatible forms of a
 * letter, trailing dots and spaces, and a named stream of a file.
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
