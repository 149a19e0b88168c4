import { useState } from 'react'
import type { FileDiff } from '../../../../../src/client/index.ts'

/** Files with more changed lines are collapsed at first. */
const manyLines = 1_500

function isSmall({ insertions, deletions, diff }: FileDiff): boolean {
  return diff !== undefined && (insertions ?? 0) + (deletions ?? 0) <= manyLines
}

/** Which files are expanded: all but the largest and those that were viewed, until the person says otherwise. */
export function useOpenFiles(isViewed: (file: FileDiff) => boolean) {
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map())
  return {
    isOpen: (file: FileDiff) => chosen.get(file.path) ?? (isSmall(file) && !isViewed(file)),
    setOpen: ({ path }: FileDiff, isOpen: boolean) => setChosen(before => new Map(before).set(path, isOpen)),
    setAll: (files: readonly FileDiff[], isOpen: boolean) =>
      setChosen(new Map(files.map(({ path }) => [path, isOpen]))),
  }
}

export type OpenFiles = ReturnType<typeof useOpenFiles>
