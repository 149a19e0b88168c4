import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { killRecorded } from '../../src/claude/process/kill-recorded.ts'
import { ProcessRegistry } from '../../src/claude/process/process-registry.ts'
import { toStartText } from '../../src/claude/process/process-table.ts'
import { identify, markerVariable } from '../../src/claude/process/process-tree.ts'
import { ProcessFiles } from '../../src/cluster/process-files.ts'
import type { ProcessRecord } from '../../src/sessions/ports/index.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

const record = (fields: Partial<ProcessRecord> = {}): ProcessRecord => ({
  pid: 4711,
  startedAt: 'boot/1',
  marker: randomUUID(),
  claudeSessionId: null,
  ...fields,
})

describe('the processes of a node', () => {
  test('are kept until they are forgotten; those of this life apart from those of earlier ones', async () => {
    const directory = join(temporaryDirectory(), 'processes')
    const [old, young] = [record(), record({ claudeSessionId: 'a' })]
    await new ProcessFiles(directory, 'life-1').recordProcess(old)
    const files = new ProcessFiles(directory, 'life-2')
    files.announceProcess({ ...young, pid: 0 })
    expect(files.listOwn()).toEqual([{ ...young, pid: 0, nodeId: 'life-2' }])
    await files.recordProcess(young)
    expect(await files.listProcesses()).toHaveLength(2)
    expect(await files.listProcesses()).toEqual(expect.arrayContaining([old, young]))
    await files.forgetProcess(old.marker)
    await files.forgetProcess(young.marker)
    await files.forgetProcess('never-recorded')
    expect(readdirSync(directory)).toEqual([])
    await expect(files.forgetProcess('../outside')).rejects.toThrow('not a plain name')
  })

  test('that a loss of power has left half written are of no process, and can be forgotten', async () => {
    const directory = temporaryDirectory()
    const files = new ProcessFiles(directory, 'life')
    writeFileSync(join(directory, 'half.json'), '{"pid": 1')
    writeFileSync(join(directory, 'other.json.new'), '')
    expect(files.listOwn()).toEqual([])
    expect(await files.listProcesses()).toMatchObject([{ marker: 'half' }])
    await new ProcessRegistry(files, { warn: () => {} }).sweep()
    expect(await files.listProcesses()).toEqual([])
  })
})

describe('ending recorded processes', () => {
  const startedNow = () => toStartText(identify(process.pid).startTicks)

  async function start(marker: string, command = 'sleep 1000') {
    const child = spawn('/bin/sh', ['-c', command], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: '/usr/bin:/bin', [markerVariable]: marker },
    })
    await once(child, 'spawn')
    onTestFinished(() => void child.kill('SIGKILL'))
    const exited = once(child, 'exit')
    return { child, exited, leader: identify(child.pid ?? 0) }
  }

  test('finds many at once, by their records or by their markers alone, and no others', async () => {
    const marked = await Promise.all(Array.from({ length: 20 }, () => start(randomUUID())))
    const records = marked.map(({ leader: { pid, startTicks } }) =>
      record({ pid, startedAt: toStartText(startTicks) }),
    )
    const announced = await start('announced')
    const stranger = await start('stranger')
    const reused = await start('reused')
    records.push(
      record({ pid: 0, startedAt: startedNow(), marker: 'announced' }),
      record({ pid: reused.leader.pid, startedAt: toStartText(1), marker: 'gone' }),
      record({ pid: stranger.leader.pid, startedAt: `another boot/${stranger.leader.startTicks}` }),
    )
    expect(await killRecorded(() => records)).toBe(true)
    await Promise.all([...marked, announced].map(({ exited }) => exited))
    for (const { child } of [stranger, reused]) expect(child.exitCode ?? child.signalCode).toBeNull()
  })

  test('that are recorded only while others are ended, too', async () => {
    const first = await start('first')
    const second = await start('second')
    const all = [first, second].map(({ leader: { pid, startTicks } }, index) =>
      record({ pid, startedAt: toStartText(startTicks), marker: index === 0 ? 'first' : 'second' }),
    )
    let reads = 0
    // The second one is seen once the first is being ended.
    expect(await killRecorded(() => all.slice(0, ++reads > 1 ? 2 : 1))).toBe(true)
    await Promise.all([first.exited, second.exited])
  })

  test('ends nothing where nothing is recorded', async () => {
    expect(await killRecorded(() => [])).toBe(true)
  })
})
