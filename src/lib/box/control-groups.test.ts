import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ControlGroups } from './control-groups.ts'

const limits = { memoryBytes: 1024, processes: 5 }

/** A machine made of files. The kernel makes those of a group with its directory; here they are made before. */
function machineOf(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'claude-code-api-machine-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  const read = (name: string) => readFileSync(join(root, name), 'utf8')
  return { root, read, has: (name: string) => existsSync(join(root, name)) }
}

const own = 'sys/fs/cgroup/api.service'
const second = {
  'proc/self/cgroup': '0::/api.service\n',
  'proc/self/mountinfo': '30 22 0:27 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n',
  [`${own}/cgroup.controllers`]: 'cpu memory pids\n',
  [`${own}/cgroup.subtree_control`]: '\n',
  [`${own}/cgroup.procs`]: '41\n42\n',
  [`${own}/api-server/cgroup.procs`]: '',
  [`${own}/api-box/memory.max`]: 'max\n',
  [`${own}/api-box/memory.swap.max`]: 'max\n',
  [`${own}/api-box/pids.max`]: 'max\n',
}

describe('control groups of version 2', () => {
  test('are made beside one for the server, which moves there', () => {
    const { root, read } = machineOf(second)
    const groups = new ControlGroups('api-', root)
    expect(groups.missing).toEqual([])
    expect(read(`${own}/api-server/cgroup.procs`)).toBe('42')
    expect(read(`${own}/cgroup.subtree_control`)).toBe('+memory +pids')
    expect(groups.create('box', limits).doors).toEqual([join(root, own, 'api-box/cgroup.procs')])
    expect(read(`${own}/api-box/memory.max`)).toMatch(/^1024/)
    expect(read(`${own}/api-box/memory.swap.max`)).toMatch(/^0/)
    expect(read(`${own}/api-box/pids.max`)).toMatch(/^5/)
  })

  test('are made there too if the server has moved already', () => {
    const { root } = machineOf({
      ...second,
      'proc/self/cgroup': '0::/api.service/api-server\n',
      [`${own}/cgroup.subtree_control`]: 'memory pids\n',
    })
    expect(new ControlGroups('api-', root).create('box', limits).doors).toEqual([
      join(root, own, 'api-box/cgroup.procs'),
    ])
  })

  test('are missing where a controller is not handed on to the server, which then stays where it is', () => {
    const { root, read } = machineOf({ ...second, [`${own}/cgroup.controllers`]: 'cpu pids\n' })
    expect(new ControlGroups('api-', root).missing).toEqual([
      { bound: 'memoryBytes', reason: `${join(root, own)}: has no controller memory` },
      { bound: 'processes', reason: `${join(root, own)}: has no controller memory` },
    ])
    expect(read(`${own}/api-server/cgroup.procs`)).toBe('')
  })
})

test('in version 1 each controller has a group of its own', async () => {
  const { root, read, has } = machineOf({
    'proc/self/cgroup': '4:memory:/jobs\n8:pids:/\n',
    'proc/self/mountinfo': [
      '34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
      '38 30 0:35 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids',
    ].join('\n'),
    'sys/fs/cgroup/memory/jobs/api-box/memory.limit_in_bytes': '9223372036854771712\n',
    'sys/fs/cgroup/pids/api-box/pids.max': 'max\n',
  })
  const groups = new ControlGroups('api-', root)
  expect(groups.missing).toEqual([])
  expect(groups.create('box', limits).doors).toHaveLength(2)
  expect(read('sys/fs/cgroup/memory/jobs/api-box/memory.limit_in_bytes')).toMatch(/^1024/)
  // A machine that does not count swap has no limit for it.
  expect(has('sys/fs/cgroup/memory/jobs/api-box/memory.memsw.limit_in_bytes')).toBe(false)
  expect(read('sys/fs/cgroup/pids/api-box/pids.max')).toMatch(/^5/)
  expect(await groups.remove('never-made')).toBe(true)
})

test('a machine without them has no bounds', () => {
  const { missing } = new ControlGroups('api-', machineOf({}).root)
  expect(missing.map(({ reason }) => reason)).toEqual([
    'no control group has the controller memory',
    'no control group has the controller pids',
  ])
})
