import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ProcessMemory } from './process-memory.ts'
import { identify, markerVariable, ProcessTree } from './process-tree.ts'

const megabyte = 1024 ** 2
/** Takes so much memory in a process of its own, says so, and stays. */
const fill = (megabytes: number) =>
  `globalThis.kept = Buffer.alloc(${megabytes} * ${megabyte}, 1); process.stdout.write('full'); setInterval(() => {}, 1000)`

async function start(marker: string, program: string): Promise<{ child: ChildProcess; tree: ProcessTree }> {
  const child = spawn(process.execPath, ['-e', program], {
    env: { [markerVariable]: marker },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })
  await once(child.stdout, 'data')
  return { child, tree: new ProcessTree(identify(child.pid ?? 0), marker, true) }
}

describe('the memory of process trees', () => {
  test('is what the processes have touched, each tree for itself', async () => {
    const memory = new ProcessMemory()
    const [small, large] = [await start('small', fill(1)), await start('large', fill(100))]
    const sizes = await memory.measure([small.tree, large.tree])
    const [first = 0, second = 0] = [sizes.get(small.tree), sizes.get(large.tree)]
    expect(first).toBeGreaterThan(5 * megabyte)
    // Ten for the noise of two garbage collectors.
    expect(second - first).toBeGreaterThan(90 * megabyte)
    expect(second - first).toBeLessThan(110 * megabyte)
    // What they share with each other and with this process is not counted twice.
    const status = readFileSync(`/proc/${small.child.pid}/status`, 'utf8')
    expect(first).toBeLessThan(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024)
  })

  test('includes what a process has started, without the marker as well', async () => {
    const program = `
      const { spawn } = require('node:child_process')
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(fill(100))}], { env: {}, stdio: ['pipe', 'pipe', 'inherit'] })
      process.once('exit', () => child.kill('SIGKILL'))
      child.stdin.on('error', () => {})
      child.stdout.pipe(process.stdout)
      process.once('SIGTERM', () => process.exit())`
    const { child, tree } = await start('parent', program)
    const sizes = await new ProcessMemory().measure([tree])
    expect(sizes.get(tree)).toBeGreaterThan(100 * megabyte)
    child.kill('SIGTERM')
    await once(child, 'exit')
  })

  test('is not told of a tree that is gone', async () => {
    const memory = new ProcessMemory()
    const { child, tree } = await start('gone', fill(1))
    expect((await memory.measure([tree])).size).toBe(1)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect((await memory.measure([tree])).size).toBe(0)
    expect((await memory.measure([])).size).toBe(0)
  })
})
