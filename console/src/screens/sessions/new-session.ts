import type {
  CreateSessionRequest,
  Effort,
  PermissionMode,
  Preset,
  WorkspaceRequest,
} from '../../../../src/client/index.ts'

export type Place = 'default' | 'directory' | 'empty' | 'git' | 'worktree'

/** The form of a new session, as it is typed. */
export interface Draft {
  prompt: string
  /** The name of a preset, which then has what is not asked for here; null: none. */
  preset: string | null
  title: string
  place: Place
  /** A directory, the URL of a repository, or the directory of one. */
  where: string
  /** The revision to check out of a clone, or the branch of a worktree. */
  ref: string
  removeOnEnd: boolean
  model: string | null
  permissionMode: PermissionMode | null
  /** Whether permission requests wait for a person; otherwise they are denied. */
  asks: boolean
  effort: Effort | null
  budget: string
  tags: string
}

export const emptyDraft: Draft = {
  prompt: '',
  preset: null,
  title: '',
  place: 'default',
  where: '',
  ref: '',
  removeOnEnd: false,
  model: null,
  permissionMode: null,
  asks: true,
  effort: null,
  budget: '',
  tags: '',
}

/** The choices that a new session takes from the last one. Tags and a budget are of one session alone. */
type Choices = Omit<Draft, 'prompt' | 'title' | 'tags' | 'budget'>

export function choicesOf(draft: Draft): Choices {
  const { prompt: _, title: __, tags: ___, budget: ____, ...choices } = draft
  return choices
}

/**
 * The form as it opens. Kept texts may be of another version of the page.
 *
 * @param preset the preset that the session is to be made of; null: that of the last session
 */
export function openDraft(kept: string | null, prompt: string | null, preset: string | null = null): Draft {
  const draft = { ...emptyDraft, prompt: prompt ?? '' }
  const named = preset === null ? {} : { preset }
  try {
    return { ...draft, ...choicesOf({ ...draft, ...JSON.parse(kept ?? '{}') }), ...named }
  } catch {
    return { ...draft, ...named }
  }
}

/** Whether a new session would not have the defaults. */
export function hasChoices(draft: Draft): boolean {
  return JSON.stringify(choicesOf({ ...emptyDraft, ...draft })) !== JSON.stringify(choicesOf(emptyDraft))
}

function toWorkspace({ place, where, ref, removeOnEnd }: Draft): WorkspaceRequest | undefined {
  const branch = ref.trim() || undefined
  switch (place) {
    case 'default':
      return undefined
    case 'directory':
      return { type: 'directory', path: where.trim() }
    case 'empty':
      return { type: 'empty', removeOnEnd }
    case 'git':
      return { type: 'git', url: where.trim(), ref: branch, removeOnEnd }
    case 'worktree':
      return { type: 'worktree', repository: where.trim(), branch, removeOnEnd }
  }
}

/**
 * Makes the request; fields that were left empty are left to the server, or to the preset.
 *
 * @param preset the chosen one, if it is known
 */
export function toRequest(draft: Draft, preset?: Preset): CreateSessionRequest {
  const { title, asks, budget } = draft
  const tags = [...new Set(draft.tags.split(',').map(tag => tag.trim()))].filter(Boolean)
  const of = draft.preset === null ? undefined : preset?.configuration
  return {
    ...(draft.preset === null ? toConfiguration(draft) : { preset: draft.preset }),
    // The server leaves it off unless asked, because a title costs a request to the model.
    ...(title.trim() !== '' ? { title: title.trim() } : of?.titles === undefined && { titles: 'claude' }),
    // The person at this page can answer, which is not the server's default.
    ...(of?.permissionPrompts === undefined && { permissionPrompts: asks ? 'ask' : 'deny' }),
    maxBudgetUsd: budget.trim() === '' ? undefined : Number(budget),
    tags: tags.length > 0 ? tags : undefined,
  }
}

function toConfiguration(draft: Draft): CreateSessionRequest {
  const { model, permissionMode, effort } = draft
  return {
    workspace: toWorkspace(draft),
    model: model ?? undefined,
    permissionMode: permissionMode ?? undefined,
    effort: effort ?? undefined,
  }
}
