import type { LineRef } from '../../../diff/remarks.ts'
import { useStoredJson } from '../../../lib/stored-json.ts'

/** A comment on a line, kept in this browser until it is sent. */
export interface LineComment extends LineRef {
  path: string
  comment: string
}

export type Place = Pick<LineComment, 'path' | 'side' | 'line'>

const none: LineComment[] = []

function isComments(value: unknown): value is LineComment[] {
  return (
    Array.isArray(value) &&
    value.every(
      ({ path, side, line, text, comment } = {}) =>
        [path, text, comment].every(part => typeof part === 'string') &&
        (side === 'old' || side === 'new') &&
        typeof line === 'number',
    )
  )
}

/** Whether it says something: a comment that is only begun is not sent. */
export function isWritten({ comment }: LineComment): boolean {
  return comment.trim() !== ''
}

export function isAt(comment: Place, { path, side, line }: Place): boolean {
  return comment.path === path && comment.side === side && comment.line === line
}

function inOrder(left: LineComment, right: LineComment): number {
  return left.path < right.path ? -1 : left.path > right.path ? 1 : left.line - right.line
}

/** How much of a line is kept with a comment, in characters. */
const longestQuote = 500

/** The comments on the lines of a session's changes. */
export function useComments(sessionId: string) {
  const [comments, change] = useStoredJson(`comments.${sessionId}`, isComments, none)
  return {
    comments,
    /** Keeps what a comment says now. */
    write: (place: Place & LineRef, comment: string) =>
      change(before =>
        [
          ...before.filter(other => !isAt(other, place)),
          { ...place, text: place.text.slice(0, longestQuote), comment },
        ].sort(inOrder),
      ),
    remove: (place: Place) =>
      change(before => {
        const left = before.filter(other => !isAt(other, place))
        return left.length > 0 ? left : null
      }),
    clear: () => change(() => null),
  }
}

export type Comments = ReturnType<typeof useComments>
