import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readMemoryLimit } from './memory-limit.ts'
import { openMemoryPressure } from './memory-pressure.ts'

const gigabyte = 1024 ** 3

/** A machine made of files. */
function machineOf(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'claude-code-api-machine-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

const second = (path: string, mountRoot = '/') => ({
  'proc/self/cgroup': `0::${path}\n`,
  'proc/self/mountinfo': `30 22 0:27 ${mountRoot} /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n`,
})

describe('the memory that may be used', () => {
  test('is that of the machine where nothing limits it', () => {
    expect(readMemoryLimit(machineOf({}), 8 * gigabyte)).toBe(8 * gigabyte)
    const unlimited = machineOf({ ...second('/a'), 'sys/fs/cgroup/a/memory.max': 'max\n' })
    expect(readMemoryLimit(unlimited, 8 * gigabyte)).toBe(8 * gigabyte)
    expect(readMemoryLimit()).toBeGreaterThan(0)
    expect(readMemoryLimit()).toBeLessThanOrEqual(totalmem())
  })

  test('is the least of what the control group and its ancestors allow', () => {
    const files = {
      ...second('/system.slice/api.service'),
      'sys/fs/cgroup/system.slice/api.service/memory.max': `${3 * gigabyte}\n`,
      'sys/fs/cgroup/system.slice/memory.max': `${2 * gigabyte}\n`,
    }
    expect(readMemoryLimit(machineOf(files), 8 * gigabyte)).toBe(2 * gigabyte)
    const throttled = { ...files, 'sys/fs/cgroup/system.slice/api.service/memory.high': `${gigabyte}\n` }
    expect(readMemoryLimit(machineOf(throttled), 8 * gigabyte)).toBe(gigabyte)
    expect(readMemoryLimit(machineOf(files), gigabyte)).toBe(gigabyte)
  })

  test("is found in a container that sees the host's path of its group", () => {
    const files = { ...second('/docker/abc', '/docker/abc'), 'sys/fs/cgroup/memory.max': `${gigabyte}\n` }
    expect(readMemoryLimit(machineOf(files), 8 * gigabyte)).toBe(gigabyte)
    const outside = { ...second('/../other', '/'), 'sys/fs/cgroup/memory.max': `${gigabyte}\n` }
    expect(readMemoryLimit(machineOf(outside), 8 * gigabyte)).toBe(gigabyte)
  })

  test('is found with the first version of control groups, beside the second', () => {
    const files = {
      'proc/self/cgroup': '4:memory:/jobs/7\n1:cpu:/\n0::/\n',
      'proc/self/mountinfo': [
        '34 30 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
        '40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
      ].join('\n'),
      'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      'sys/fs/cgroup/memory/jobs/memory.limit_in_bytes': `${2 * gigabyte}\n`,
      'sys/fs/cgroup/memory/jobs/7/memory.limit_in_bytes': `${4 * gigabyte}\n`,
    }
    expect(readMemoryLimit(machineOf(files), 8 * gigabyte)).toBe(2 * gigabyte)
  })
})

describe('memory pressure', () => {
  const machine = { 'proc/pressure/memory': 'some avg10=40.00 avg60=0.00\nfull avg10=3.00 avg60=0.00\n' }
  const own = {
    ...second('/a'),
    'sys/fs/cgroup/a/memory.pressure': 'some avg10=1.25 avg60=9.00 avg300=9.00 total=5\n',
  }

  test.each([
    ['is that of the own control group', { ...machine, ...own }, 1.25],
    ['is that of the machine without one', { ...machine, ...second('/b') }, 40],
    ['is not known where the system does not tell', { 'proc/pressure/memory': 'nothing\n' }, undefined],
    ['is not known without the file', {}, undefined],
  ])('%s', async (_, files, expected) => {
    expect(await openMemoryPressure(machineOf(files)).read()).toBe(expected)
  })
})
