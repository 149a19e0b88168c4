import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { keepLease } from '../../src/cluster/warden/node-lease.ts'
import { openNodes } from '../../src/store/postgres/open-nodes.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'

/** Long enough for wardens to start in it on a busy machine. */
const leaseMs = 8_000
const realWarden = new URL('../../src/cli/warden.ts', import.meta.url).href

/** A node in this process, whose warden is a program that can be replaced. */
async function openLease(leaseMs: number, program = `await import('${realWarden}')`) {
  const database = await createDatabase(inject('postgresDirectory'))
  onTestFinished(() => database.drop())
  const peer = await openNodes({ url: database.url }, 60_000)
  onTestFinished(() => peer.close())
  const directory = temporaryDirectory()
  const entry = join(directory, 'warden.mjs')
  const replaceProgram = (text: string) => writeFileSync(entry, text)
  replaceProgram(program)
  const nodeId = randomUUID()
  const node = { id: nodeId, url: 'http://127.0.0.1:1', version: '1', slotsFree: 1, volumes: [] }
  const logged: string[] = []
  const log = (_: object, message: string) => void logged.push(message)
  const kills: boolean[] = []
  const opening = keepLease({
    order: { nodeId, leaseMs, database: { url: database.url }, processes: join(directory, 'processes') },
    entry,
    join: () => peer.nodes.join(node, leaseMs),
    slotsFree: () => 1,
    async killTrees() {
      const isLiving = (await peer.nodes.listNodes()).some(({ id }) => id === nodeId)
      kills.push(isLiving)
      return true
    },
    log: { warn: log, error: log },
  })
  return { opening, kills, logged, replaceProgram, peer, node }
}

test('where no other warden can be had, the node ends its processes by itself, while it is not dead yet', async () => {
  const { opening, kills, logged, replaceProgram } = await openLease(leaseMs)
  const lease = await opening
  onTestFinished(() => lease.close())
  expect(lease.isGood).toBe(true)
  replaceProgram('process.exit(7)')
  process.kill(lease.wardenPid ?? 0, 'SIGKILL')
  await until(() => lease.lost.aborted)
  expect(kills).toEqual([true])
  expect(lease.isGood).toBe(false)
  const ends = logged.filter(message => message === 'warden ended unexpectedly')
  expect(ends.length).toBeGreaterThan(1)
  expect(ends.length).toBeLessThan(10)
  expect(logged.at(-1)).toBe('lease lost')
})

test('a warden that does not start, or does not renew the lease, fails the start of the node', async () => {
  const broken = await openLease(2_000, "throw new Error('out of order')")
  await expect(broken.opening).rejects.toThrow(/the warden did not start \(exit code 1 [\s\S]*out of order/)
  const { opening } = await openLease(
    2_000,
    "setInterval(() => {}, 1_000)\nprocess.on('disconnect', process.exit)\nprocess.send({ kind: 'ready' })",
  )
  await expect(opening).rejects.toThrow('the lease could not be renewed in time')
})

test('closing ends the warden, also twice and right after the start', async () => {
  const { opening, kills, peer, node } = await openLease(leaseMs)
  const lease = await opening
  const pid = lease.wardenPid ?? 0
  await Promise.all([lease.close(), lease.close()])
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(lease.isGood).toBe(false)
  expect(lease.lost.aborted).toBe(false)
  expect(kills).toEqual([])
  // The end of the life is the node's to say.
  expect(await peer.nodes.listNodes()).toMatchObject([{ id: node.id, state: 'active' }])
})
