import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../src/store/open-store.ts'
import { describeStore } from '../suites/store-suite.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

describeStore('in memory', async () => ({
  store: await openStore({ file: `${temporaryDirectory()}/store.db` }),
  dispose: async () => {},
}))

describeStore('on a file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'claude-code-api-store-'))
  return {
    store: await openStore({ file: join(directory, 'store.db') }),
    dispose: () => rm(directory, { recursive: true, force: true }),
  }
})
