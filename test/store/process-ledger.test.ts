import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openStore } from '../../src/store/open-store.ts'
import { temporaryDirectory } from './temporary-directory.ts'

it('keeps which processes run, also over a reopen, until they are forgotten', async () => {
  const file = join(await temporaryDirectory(), 'store.db')
  const one = { pid: 4711, startedAt: 'boot/1', marker: 'one', claudeSessionId: 'a' }
  // A number is used again before the one that had it is forgotten.
  const two = { pid: 4711, startedAt: 'boot/2', marker: 'two', claudeSessionId: null }
  const store = await openStore({ file })
  await store.processes.recordProcess(one)
  await store.processes.recordProcess(two)
  await store.close()
  await expect(store.processes.listProcesses()).rejects.toThrow('The store is closed')
  const reopened = await openStore({ file })
  expect(await reopened.processes.listProcesses()).toEqual([one, two])
  await reopened.processes.forgetProcess('one')
  await reopened.processes.forgetProcess('never recorded')
  expect(await reopened.processes.listProcesses()).toEqual([two])
  await reopened.close()
})
