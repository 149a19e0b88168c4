import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type BoxContents, BoxRefusal, toBoxArguments } from './box-arguments.ts'

function directory(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'claude-code-api-box-')))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const argumentsFor = (contents: Partial<BoxContents>) =>
  toBoxArguments({
    writable: [],
    mounts: [],
    hidden: [],
    cwd: '/',
    home: '/home/box',
    temporaryBytes: 1,
    homeBytes: 1,
    ...contents,
  })

describe('a box', () => {
  test.each(['/', '/etc', '/usr', '/proc', '/proc/1/root', '/dev/shm', '/sys', '/run'])(
    'never contains %s',
    path => {
      expect(() => argumentsFor({ writable: [path] })).toThrow(BoxRefusal)
    },
  )

  test('does not contain a directory that a link leads to', () => {
    const top = directory()
    mkdirSync(join(top, 'elsewhere/inner'), { recursive: true })
    symlinkSync(join(top, 'elsewhere'), join(top, 'own'))
    expect(() => argumentsFor({ writable: [join(top, 'own/inner')] })).toThrow(BoxRefusal)
    expect(() => argumentsFor({ writable: [join(top, 'own')] })).toThrow()
  })

  test('hides files and directories of the server that lie in it, and shows directories in those again', () => {
    const top = directory()
    const data = join(top, 'data')
    const own = join(data, 'workspaces/own')
    mkdirSync(own, { recursive: true })
    writeFileSync(join(top, 'secret'), '')
    const hidden = [data, join(top, 'secret'), join(top, 'not-there'), '/elsewhere']
    const args = argumentsFor({ writable: [own, top], hidden }).join(' ')
    const steps = [
      `--bind ${top} ${top}`,
      `--tmpfs ${data}`,
      `--ro-bind /dev/null ${join(top, 'secret')}`,
      `--bind ${own} ${own}`,
      `--remount-ro ${data}`,
    ].map(step => args.indexOf(step))
    expect(steps).not.toContain(-1)
    expect(steps[0]).toBeLessThan(steps[1] ?? 0)
    expect(steps[1]).toBeLessThan(steps[3] ?? 0)
    expect(steps[3]).toBeLessThan(steps[4] ?? 0)
    expect(args).not.toContain('not-there')
    expect(args).not.toContain('/elsewhere')
  })
})
