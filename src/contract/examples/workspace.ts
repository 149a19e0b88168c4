import type { FileEntry, ListFilesResponse, WrittenFile } from '../files.ts'
import type { DiffResponse } from '../workspace.ts'
import { ids, times } from './ids.ts'

const file: FileEntry = {
  path: 'src/discount.ts',
  name: 'discount.ts',
  type: 'file',
  sizeBytes: 812,
  modifiedAt: times.ended,
}
export const files: ListFilesResponse = {
  sessionId: ids.sessionId,
  path: '',
  entries: [
    {
      path: 'src',
      name: 'src',
      type: 'directory',
      sizeBytes: null,
      modifiedAt: times.ended,
      children: [file],
      truncated: true,
    },
    {
      path: 'latest%FF.log',
      name: 'latest%FF.log',
      type: 'symlink',
      sizeBytes: null,
      modifiedAt: times.created,
      target: 'logs/today.log',
      escaped: true,
    },
  ],
  nextCursor: 'ImxhdGVzdCI',
}

export const writtenFile: WrittenFile = {
  path: 'note.txt',
  sizeBytes: 26,
  modifiedAt: times.ended,
  etag: '"1a-19a4f0c2b6e"',
}

export const unifiedDiff = `diff --git a/src/price.ts b/src/discount.ts
similarity index 97%
rename from src/price.ts
rename to src/discount.ts
--- a/src/price.ts
+++ b/src/discount.ts
@@ -8,3 +8,2 @@
 const price = base - discount
-const total = price - discount
-return total
+return price
`
export const diff: DiffResponse = {
  sessionId: ids.sessionId,
  since: 'session',
  source: 'git',
  reason: null,
  files: [
    {
      path: 'src/discount.ts',
      status: 'renamed',
      oldPath: 'src/price.ts',
      insertions: 1,
      deletions: 2,
      binary: false,
      diff: unifiedDiff,
    },
  ],
  insertions: 1,
  deletions: 2,
  truncated: false,
}
/** A diff in a directory that is not in a git repository. */
export const checkpointDiff: DiffResponse = { ...diff, source: 'checkpoints', reason: 'no_repository' }
