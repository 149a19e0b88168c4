import type { Git, GitResult } from './git-command.ts'

export interface WorktreeGit {
  git: Git
  timeoutMs: number
}

/** Runs git in somebody's repository, whose settings are obeyed as far as they start no program. */
export async function askGit(
  { git, timeoutMs }: WorktreeGit,
  cwd: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<GitResult> {
  // Nothing is fetched here: what would be is from a clone that has not everything.
  const environment = { GIT_ALLOW_PROTOCOL: '', GIT_NO_LAZY_FETCH: '1' }
  const filters = await withoutFilters(cwd, git, timeoutMs)
  return git.run(args, { cwd, environment: { ...environment, ...filters }, timeoutMs, signal })
}

/** A repository's settings may name programs that every file is led through: none of them is run. */
async function withoutFilters(cwd: string, git: Git, timeoutMs: number): Promise<Record<string, string>> {
  const ofFilters = ['config', '--null', '--name-only', '--get-regexp', '^filter\\.']
  const { stdout } = await git.run(ofFilters, { cwd, timeoutMs })
  const names = stdout.toString().split('\0')
  const programs = [...new Set(names)].filter(name => /\.(smudge|clean|process|required)$/i.test(name))
  // Not as arguments: a name may have an equals sign in it.
  const settings = programs.flatMap((name, index) => [
    [`GIT_CONFIG_KEY_${index}`, name],
    [`GIT_CONFIG_VALUE_${index}`, /required$/i.test(name) ? 'false' : ''],
  ])
  return { GIT_CONFIG_COUNT: String(programs.length), ...Object.fromEntries(settings) }
}
