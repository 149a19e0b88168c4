import { expect, test } from 'vitest'
import { Git } from '../../src/workspace/git/git-command.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

test('a git that waits for ever is ended with all that run, and none begins afterwards', async () => {
  const cwd = temporaryDirectory()
  const git = new Git({ PATH: process.env.PATH ?? '' }, cwd)
  const waits = { cwd, timeoutMs: 60_000 }
  const running = [1, 2].map(() => git.run(['-c', 'alias.wait=!tail -f /dev/null', 'wait'], waits))
  await git.close()
  expect(await Promise.all(running)).toMatchObject(Array(2).fill({ code: null, ended: 'aborted' }))
  expect(await git.run(['version'], waits)).toMatchObject({ code: null, ended: 'aborted' })
})

test('a git that is not there is told from one that fails', async () => {
  const cwd = temporaryDirectory()
  const command = { cwd, timeoutMs: 60_000 }
  expect(await new Git({ PATH: cwd }, cwd).run(['version'], command)).toMatchObject({ missing: true })
  const git = new Git({ PATH: process.env.PATH ?? '' }, cwd)
  expect(await git.run(['no-such-command'], command)).toMatchObject({ missing: false, code: 1 })
})
