import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { invalidField, ServiceError } from '../../contract/errors.ts'
import type { CloneForwarding, OwnWorkspace, OwnWorkspaceRequest } from '../../sessions/ports/index.ts'
import { toCloneEnvironment } from '../git/clone-environment.ts'
import type { GitReach } from '../git/git-box.ts'
import type { Git, GitCommand, GitResult } from '../git/git-command.ts'
import { isUnknownBranch, toWorkspaceError } from '../git/git-failure.ts'
import type { CloneSource } from './clone-source.ts'

type CloneRequest = Extract<OwnWorkspaceRequest, { type: 'git' }>
type CloneWorkspace = Extract<OwnWorkspace, { type: 'git' }>

interface CloneParts {
  git: Git
  /** An existing empty directory, in which the clone is created. */
  holder: string
  timeoutMs: number
  signal: AbortSignal
  /** How git reaches the repository; undefined: directly. */
  forwarding: CloneForwarding | undefined
  /** The files of a local repository, which an agent may be able to write. */
  reach?: GitReach
  onFailure(result: GitResult): void
}

/** Removed from error messages, because it would reveal a directory of the server. */
const noLogs = 'core.logAllRefUpdates=false'
const wholeCommitId = /^([0-9a-f]{40}|[0-9a-f]{64})$/
const shortCommitId = /^[0-9a-f]{7,63}$/
const unknownWithDepth = 'must be a branch or tag of the repository; with depth, a commit needs its full id'

/** Clones a repository into its own directory, and checks out the requested ref. */
export async function cloneRepository(
  { ref, depth, removeOnEnd = false }: CloneRequest,
  source: CloneSource,
  parts: CloneParts,
): Promise<CloneWorkspace> {
  const path = join(parts.holder, toDirectoryName(source.url))
  const deadline = performance.now() + parts.timeoutMs
  const run = async (cwd: string, args: readonly string[]) => {
    const command: GitCommand = {
      cwd,
      environment: {
        ...toCloneEnvironment(source, parts.forwarding),
        // Directories above the clone are not searched for a repository.
        GIT_CEILING_DIRECTORIES: parts.holder,
      },
      timeoutMs: Math.max(1, deadline - performance.now()),
      signal: parts.signal,
      reach: parts.reach && { ...parts.reach, own: [...parts.reach.own, parts.holder] },
    }
    // An allowed server may redirect to one that is not allowed.
    const settings = ['http.followRedirects=false', ...(source.protocol === 'file' ? [noLogs] : [])]
    return parts.git.run([...settings.flatMap(setting => ['-c', setting]), ...args], command)
  }
  const fail = (result: GitResult): never => {
    parts.signal.throwIfAborted()
    parts.onFailure(result)
    const refusal = parts.forwarding?.refusal
    if (refusal !== undefined) throw new ServiceError('WORKSPACE_NOT_ALLOWED', notAllowed(refusal))
    throw toWorkspaceError('git', result)
  }
  const must = async (cwd: string, args: readonly string[]) => {
    const result = await run(cwd, args)
    if (result.code !== 0) fail(result)
  }
  const address = parts.forwarding?.address ?? source.address
  const shallow = depth === undefined ? [] : [`--depth=${depth}`]
  const clone = ['clone', '--quiet', '--template=', '--no-tags', ...shallow]
  // Tags are fetched with the whole history, where they cost little.
  if (depth === undefined) clone.splice(clone.indexOf('--no-tags'), 1)
  const cloneCommit = async (id: string) => {
    await must(parts.holder, [...clone, '--no-checkout', '--', address, path])
    if (depth !== undefined) await must(path, ['fetch', '--quiet', ...shallow, 'origin', id])
    await must(path, ['checkout', '--quiet', id, '--'])
  }
  if (ref !== undefined && wholeCommitId.test(ref)) {
    await cloneCommit(ref)
  } else {
    const branch = ref === undefined ? [] : [`--branch=${ref}`]
    const result = await run(parts.holder, [...clone, ...branch, '--', address, path])
    // A short commit id may be a branch or tag, which git prefers too.
    if (ref !== undefined && shortCommitId.test(ref) && isUnknownBranch(result)) {
      if (depth !== undefined) throw invalidField('workspace.ref', unknownWithDepth)
      // Git removes a failed clone; leftovers would be in the way.
      await rm(path, { recursive: true, force: true })
      await cloneCommit(ref)
    } else if (result.code !== 0) fail(result)
  }
  // The recorded URL of the remote has no secrets, so the session's git may see it.
  await must(path, ['remote', 'set-url', 'origin', source.url])
  await rm(join(path, '.git', 'FETCH_HEAD'), { force: true })
  const head = await run(path, ['rev-parse', '--verify', '--quiet', 'HEAD'])
  const commit = head.code === 0 ? head.stdout.toString().trim() : null
  return { type: 'git', path, url: source.url, ref: ref ?? null, depth: depth ?? null, commit, removeOnEnd }
}

function notAllowed(refusal: string): string {
  return `Cloning from this URL is not allowed: ${refusal}`
}

/** Names the directory as git would. */
function toDirectoryName(url: string): string {
  const last =
    url
      .replace(/(\/|\.git)+$/, '')
      .split('/')
      .at(-1) ?? ''
  const plain = last
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 100)
  return plain === '' || plain === 'workspace.json' ? 'repository' : plain
}
