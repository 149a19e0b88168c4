import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { openDemoCluster } from '../support/demo-cluster.ts'
import { requirements } from '../support/machine.ts'
import { programsOf } from '../support/processes.ts'

const run = promisify(execFile)
const haproxy = requirements.haproxy.find()

/** Everything that a run has started names its directory, or is told by it. */
function expectNothingLeft(directory: string): void {
  expect(readdirSync(directory)).toEqual([])
  expect(programsOf(directory)).toEqual([])
}

describe('npm run demo:cluster', () => {
  test('prints lines that work when pasted, tells who takes over, and leaves nothing behind', async () => {
    const demo = openDemoCluster('--port', '0', '--forwarder')
    const said = await demo.said('Ctrl-C ends everything.')
    const lines = said.split('\n').filter(line => line.startsWith('SESSION=') || line.startsWith('curl '))
    expect(lines).toHaveLength(3)
    const { stdout } = await run('/bin/sh', ['-c', lines.join('\n')], { env: { PATH: '/usr/bin:/bin' } })
    expect(stdout).toMatch(/\[stand-in\].*Minka/)
    const [, owner = ''] =
      /session \S+ is on node (\w)/.exec(await demo.said(/session \S+ is on node \w/)) ?? []
    const [, pid] = new RegExp(`^ +${owner} +pid (\\d+)`, 'm').exec(said) ?? []
    process.kill(Number(pid), 'SIGKILL')
    await demo.said(new RegExp(`node ${owner} has ended \\(SIGKILL\\); it owned 1 session\n`))
    await demo.said(
      new RegExp(`node ${owner} is gone: its 1 session is answered by [^${owner}] after [0-9.]+ s\n`),
    )
    await demo.said(new RegExp(`node ${owner} is back, pid \\d+\n`))
    demo.child.kill('SIGINT')
    expect(await demo.ended).toBe(0)
    expect(demo.stderr()).toBe('')
    expectNothingLeft(demo.directory)
  })

  if (haproxy !== undefined) {
    test('--check goes through all of it behind HAProxy', async () => {
      const demo = openDemoCluster('--check')
      expect([await demo.ended, demo.stderr()]).toEqual([0, ''])
      expect(demo.stdout()).toContain('behind HAProxy')
      expect(demo.stdout()).toMatch(/a reader got \d+ events without a gap or a repeat/)
      expectNothingLeft(demo.directory)
    })
  }
})
