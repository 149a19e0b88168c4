import type { DiffResponse } from '../../../../../src/client/index.ts'

const reasons: Record<NonNullable<DiffResponse['reason']>, string> = {
  no_repository: 'The directory is not in a git repository',
  git_not_installed: 'git is not installed on the server',
  unsafe_repository: 'The git repository cannot be read safely',
  failed: 'An earlier state of the directory cannot be read',
}

/** Names the changes that are left out. */
export function DiffNotices({ diff: { source, reason, truncated } }: { diff: DiffResponse }) {
  const notices = [
    source === 'checkpoints' &&
      reason &&
      `${reasons[reason]}, so only files that Claude's edit tools have changed are listed, not those that commands have changed.`,
    truncated && 'There are too many changes for one answer: some files or diffs are left out.',
  ]
  return notices.map(
    notice =>
      notice && (
        <p key={notice} className="border-b border-line bg-warn-soft px-3 py-1.5 text-xs text-warn">
          {notice}
        </p>
      ),
  )
}
