import { expect, test } from 'vitest'
import { ConsoleLogins } from '../../src/access/console-logins.ts'
import { openStore } from '../../src/store/open-store.ts'
import { endsLater } from '../support/lifetime.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

test('a tenant that has used up its logins takes none from another, and its keys still replace their own', async () => {
  const store = await openStore({ file: `${temporaryDirectory()}/store.db` })
  endsLater(() => store.close())
  const logins = new ConsoleLogins({ store: store.logins, faults: { error() {} }, mostPerTenant: 40 })
  await logins.open()
  endsLater(() => logins.close())
  const create = (tenantId: string, createdBy: string) =>
    logins.create({
      ...{ tenantId, createdBy, credentialHash: 'hash', scopes: [], token: null },
      origin: 'http://localhost',
    })
  for (let count = 0; count < 20; count++) await create('a', 'key-1')
  for (let count = 0; count < 20; count++) await create('a', 'key-2')
  await expect(create('a', 'key-3')).rejects.toMatchObject({
    code: 'CALLER_LIMIT_REACHED',
    details: { limitName: 'logins of the console per tenant', limit: 40 },
  })
  const { secret } = await create('b', 'key-3')
  expect(logins.find(secret)?.tenantId).toBe('b')
  expect(logins.find((await create('a', 'key-1')).secret)?.createdBy).toBe('key-1')
  expect(await store.logins.loadLogins()).toHaveLength(41)
})
