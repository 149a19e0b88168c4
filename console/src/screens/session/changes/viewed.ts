import type { FileDiff } from '../../../../../src/client/index.ts'
import { useStoredJson } from '../../../lib/stored-json.ts'

type Marks = Record<string, string>

const none: Marks = {}

function isMarks(value: unknown): value is Marks {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A short text that is another one after most changes of the diff (FNV-1a). */
export function fingerprintOf({ diff = '', status, path }: FileDiff): string {
  let hash = 0x811c9dc5
  for (const text of [status, path, diff]) {
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
    }
  }
  return `${(hash >>> 0).toString(36)}-${diff.length}`
}

/** Marks of files that the person has seen; they end when the file changes. */
export function useViewed(sessionId: string) {
  const [marks, change] = useStoredJson(`viewed.${sessionId}`, isMarks, none)
  return {
    isViewed: (file: FileDiff) => Object.hasOwn(marks, file.path) && marks[file.path] === fingerprintOf(file),
    setViewed: (file: FileDiff, isViewed: boolean) =>
      change(before => {
        const { [file.path]: _, ...others } = before
        return isViewed ? { ...others, [file.path]: fingerprintOf(file) } : others
      }),
  }
}

export type Viewed = ReturnType<typeof useViewed>
