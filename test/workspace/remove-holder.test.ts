import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { removeHolder } from '../../src/workspace/provisioning/remove-holder.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { makeDeepTree } from './open-files.ts'

test('a workspace that is deeper than a path can say is removed; one that is gone is no fault', async () => {
  const holder = join(temporaryDirectory(), 'holder')
  mkdirSync(holder)
  makeDeepTree(holder, 2_100)
  await removeHolder(holder)
  expect(existsSync(holder)).toBe(false)
  await removeHolder(holder)
})
