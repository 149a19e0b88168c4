import { randomBytes, randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { checkSharedKeys } from '../../src/app/shared-secret-keys.ts'
import { createSealer } from '../../src/lib/sealed-text.ts'
import { openNodeStore, sharedDatabase } from '../support/nodes.ts'

const [old, next, foreign] = [randomBytes(32), randomBytes(32), randomBytes(32)]

/** A start of a node with these keys. */
async function start(url: string, keys: Buffer[]) {
  const { id, store } = await openNodeStore(url)
  const leave = () => store.nodes.leave(id)
  try {
    await checkSharedKeys(store.fingerprints, id, keys)
    return { leave }
  } catch (error) {
    await leave()
    throw error
  }
}

const refusal = { name: 'ConfigError', message: expect.stringContaining('secretKeys') }

test('a node whose keys cannot open what others seal does not start, nor one that seals what they cannot open', async () => {
  const url = await sharedDatabase()
  const first = await start(url, [old])
  await start(url, [old])
  await expect(start(url, [foreign])).rejects.toMatchObject(refusal)
  await expect(start(url, [foreign, old])).rejects.toMatchObject(refusal)
  await start(url, [old, foreign])
  await first.leave()
  await expect(start(url, [foreign])).rejects.toMatchObject(refusal)
})

test('what was sealed last counts when no node is left', async () => {
  const url = await sharedDatabase()
  await (await start(url, [old])).leave()
  await expect(start(url, [foreign])).rejects.toMatchObject(refusal)
  await start(url, [foreign, old])
})

test('a key is replaced node by node: behind the old one, then before it, then alone', async () => {
  const url = await sharedDatabase()
  let nodes = [await start(url, [old]), await start(url, [old]), await start(url, [old])]
  for (const keys of [[old, next], [next, old], [next]]) {
    const restarted = []
    for (const node of nodes) {
      await node.leave()
      restarted.push(await start(url, keys))
    }
    nodes = restarted
  }
  await expect(start(url, [old])).rejects.toMatchObject(refusal)
})

test('of many that start at once with keys of their own, one starts', async () => {
  const url = await sharedDatabase()
  const starts = await Promise.allSettled(Array.from({ length: 5 }, () => start(url, [randomBytes(32)])))
  expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

test('the first node needs the key with which a server alone has sealed', async () => {
  const url = await sharedDatabase()
  const { store } = await openNodeStore(url)
  const privateKey = createSealer([old]).seal(randomUUID(), 'push')
  await store.push.replaceKeys({ publicKey: 'a', privateKey, createdAt: 1 })
  await expect(start(url, [next])).rejects.toMatchObject(refusal)
  await start(url, [next, old])
})
