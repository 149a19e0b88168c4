import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, unlink } from 'node:fs/promises'
import type {
  CheckpointedChange,
  FileRestoration,
  FileScope,
  FileState,
  RestoreOptions,
  RestorePlan,
  UnrestorableReason,
} from '../../sessions/ports/index.ts'
import { toShownPath } from '../files/safe-path.ts'
import { ProgramGuard } from '../git/program-guard.ts'
import type { Directory } from '../provisioning/directory.ts'
import { findFile, findPlace } from './file-state.ts'
import type { KeptContents } from './kept-contents.ts'
import { asText, diffTexts } from './text-diff.ts'

/** The planned step for one file; `skip` has the reason for doing nothing. */
export interface RestorationStep {
  path: string
  target: FileState
  action: FileRestoration['action']
  insertions: number | null
  deletions: number | null
  skip?: UnrestorableReason
}

/** Plans the steps; files that are already restored need none. */
export async function planRestoration(
  scope: FileScope,
  changes: readonly CheckpointedChange[],
  contents: KeptContents,
  tops: readonly string[],
  { overwriteOthers = false, isTrusted = () => false }: RestoreOptions,
): Promise<RestorationStep[]> {
  const guard = new ProgramGuard(tops, scope.directories, isTrusted)
  const steps: RestorationStep[] = []
  for (const change of changes) {
    const step = await planFile(scope, change, contents, overwriteOthers)
    if (!step) continue
    const isAllowed = step.skip !== undefined || (await guard.allows(step.path))
    steps.push(isAllowed ? step : { ...step, skip: 'not_allowed' })
  }
  return steps
}

async function planFile(
  scope: FileScope,
  { path, before, changedByOthers }: CheckpointedChange,
  contents: KeptContents,
  overwriteOthers: boolean,
): Promise<RestorationStep | undefined> {
  const now = await findFile(scope.directories, path).catch(() => undefined)
  const step: RestorationStep = { path, target: before, action: 'modify', insertions: null, deletions: null }
  // A link in its place leads elsewhere.
  if (!now || now.path !== path) return { ...step, skip: 'outside' }
  if (now.state.hash === before.hash) return undefined
  step.action = before.hash === null ? 'delete' : now.state.hash === null ? 'create' : 'modify'
  if (!before.kept) return { ...step, skip: 'too_large' }
  const old = before.hash === null ? Buffer.alloc(0) : await contents.find(scope.sessionId, before.hash)
  if (!old) return { ...step, skip: 'lost' }
  if (changedByOthers && !overwriteOthers) return { ...step, skip: 'changed_by_others' }
  return { ...step, ...(await countLines(now.state.hash === null ? Buffer.alloc(0) : now.content, old)) }
}

/** Carries out a step; a step that has become impossible is skipped. */
export async function restore(
  scope: FileScope,
  step: RestorationStep,
  contents: KeptContents,
): Promise<RestorationStep> {
  if (step.skip) return step
  const { hash } = step.target
  const content = hash === null ? null : await contents.find(scope.sessionId, hash)
  if (content === undefined) return { ...step, skip: 'lost' }
  try {
    const inside = await put(scope, step, content)
    return inside ? step : { ...step, skip: 'outside' }
  } catch {
    return { ...step, skip: 'not_writable' }
  }
}

/** @param content null: the file must not exist @returns false if the path is outside the directories */
async function put(scope: FileScope, step: RestorationStep, content: Buffer | null): Promise<boolean> {
  const place = await findPlace(scope.directories, step.path)
  if (!place) return false
  try {
    const { directory, names, stats } = place
    const [name] = names
    if (name === undefined) return false
    if (content === null) {
      if (stats) await unlink(directory.at(place.entry))
      return true
    }
    if (names.length === 1) {
      await replace(directory, name, content, step.target.mode ?? 0o644)
      return true
    }
    await mkdir(directory.at(name))
  } finally {
    await place.close()
  }
  // There is one more directory than before.
  return put(scope, step, content)
}

async function replace(directory: Directory, name: string, content: Buffer, mode: number): Promise<void> {
  const unfinished = directory.at(`.${randomUUID()}.unfinished`)
  const file = await open(unfinished, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.chmod(mode)
    await rename(unfinished, directory.at(name))
  } catch (error) {
    await unlink(unfinished).catch(() => undefined)
    throw error
  } finally {
    await file.close()
  }
}

export function toPlan({ directories }: FileScope, steps: readonly RestorationStep[]): RestorePlan {
  const plan: RestorePlan = { files: [], skipped: [] }
  for (const { path, action, insertions, deletions, skip } of steps) {
    const shown = toShownPath(directories, path)
    if (skip) plan.skipped.push({ path: shown, reason: skip })
    else plan.files.push({ path: shown, action, insertions, deletions })
  }
  return plan
}

async function countLines(from: Buffer | undefined, to: Buffer) {
  const texts = [from && asText(from), asText(to)] as const
  const diff =
    texts[0] === undefined || texts[1] === undefined ? undefined : await diffTexts('', texts[0], texts[1])
  return { insertions: diff?.insertions ?? null, deletions: diff?.deletions ?? null }
}
