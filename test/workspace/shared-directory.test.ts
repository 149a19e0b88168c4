import { randomUUID } from 'node:crypto'
import { utimesSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { defaultTenantId } from '../../src/sessions/records.ts'
import { openStore } from '../../src/store/open-store.ts'
import { endsLater } from '../support/lifetime.ts'
import { localWorkspaces } from '../support/local-workspaces.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

test('a node that starts leaves alone what another one may be making at that moment', async () => {
  const directory = temporaryDirectory()
  const store = await openStore({ file: ':memory:', log: { warn: () => {} } })
  endsLater(() => store.close())
  const [alone, node] = [
    localWorkspaces(store, directory),
    localWorkspaces(store, directory, { isShared: true }),
  ]
  endsLater(() => Promise.all([alone.close(), node.close()]))
  const provider = alone.providerOf(defaultTenantId)
  const made = await provider.provide(
    { type: 'empty', removeOnEnd: true },
    randomUUID(),
    AbortSignal.timeout(60_000),
  )
  expect(await alone.list()).toHaveLength(1)
  expect(await node.list()).toEqual([])
  const longAgo = new Date(Date.now() - 3_600_000)
  utimesSync(dirname(made.path), longAgo, longAgo)
  expect(await Promise.all((await node.list()).map(({ read }) => read()))).toEqual([made])
})
