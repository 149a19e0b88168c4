import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/open-sessions.ts'

/** What a program says that is run in a process of its own, which is not root even where the tests are. */
function runAsPlainUser(program: string): unknown {
  const path = join(import.meta.dirname, '../fixtures', program)
  return JSON.parse(
    execFileSync(process.execPath, [path, temporaryDirectory()], { env: {}, encoding: 'utf8' }),
  )
}

test('what may not be read is left out of an archive; what may not be removed as a whole is left as it is', () => {
  expect(runAsPlainUser('files-without-rights.ts')).toEqual({
    archived: ['content in a', 'content in b/read-only'],
    outcomes: ['PATH_NOT_ALLOWED', 'PATH_NOT_ALLOWED', 'removed', 'removed'],
    left: [
      'a',
      'a/file',
      'b',
      'b/read-only',
      'b/read-only/file',
      'b/unreadable',
      'b/unreadable/file',
      'c',
      'c/empty',
    ],
    leftLast: ['a'],
  })
})

test('a workspace in which nobody may write is removed, and what links in it lead to stays', () => {
  expect(runAsPlainUser('remove-read-only-workspace.ts')).toEqual({
    isRefused: true,
    left: [],
    isOutsideKept: true,
  })
})

test('what may not be read is left out of a snapshot, and restored directories have the rights that they had', () => {
  expect(runAsPlainUser('snapshot-without-rights.ts')).toEqual({
    leftOut: 3,
    restored: { source: 'snapshot', missingFiles: 0 },
    left: ['closed', 'none', 'open', 'read-only', 'read-only/file'],
  })
})
