import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { git } from '../support/git.ts'
import { openSnapshots } from './open-snapshots.ts'

/** So old that git, once it has it in its index, need not look into it again. */
function age(cwd: string, ...names: string[]): void {
  for (const name of names) utimesSync(join(cwd, name), 1_000, 1_000)
  git(cwd, 'add', '--all')
}

describe('a repository that loses what was borrowed from it', () => {
  /** Of two files one is no longer tracked, and no commit has it any more. */
  function forget(cwd: string): void {
    git(cwd, 'rm', '--quiet', '--cached', 'kept.txt')
    git(cwd, 'commit', '--quiet', '--amend', '--message=another')
    git(cwd, 'reflog', 'expire', '--expire=now', '--all')
  }
  const openAged = () => {
    const opened = openSnapshots({ 'kept.txt': 'on the disk\n', 'other.txt': 'one\n' })
    age(opened.cwd, 'kept.txt', 'other.txt')
    return opened
  }

  test('is noticed when it was made anew in the same place', async () => {
    const { cwd, take, diff, isWhole } = openAged()
    const before = await take()
    rmSync(join(cwd, '.git'), { recursive: true })
    git(cwd, 'init', '--quiet')
    const after = await take()
    expect(after).toBe(before)
    // What has not changed was read again, so that the first one is whole as well.
    expect(await isWhole(before)).toBe(true)
    writeFileSync(join(cwd, 'other.txt'), 'two\n')
    expect((await diff(before, await take())).entries).toMatchObject([{ path: 'other.txt', insertions: 1 }])
  })

  test('is noticed when it was packed anew', async () => {
    const { cwd, take, isWhole } = openAged()
    const before = await take()
    forget(cwd)
    git(cwd, 'gc', '--quiet', '--prune=now')
    expect(await isWhole(before)).toBe(false)
    expect(await isWhole(await take())).toBe(true)
  })

  test('is noticed when a tree cannot be written without it', async () => {
    const { cwd, take, isWhole } = openAged()
    await take()
    forget(cwd)
    git(cwd, 'prune', '--expire=now')
    writeFileSync(join(cwd, 'other.txt'), 'two\n')
    expect(await isWhole(await take())).toBe(true)
    writeFileSync(join(cwd, 'other.txt'), 'three\n')
    expect(await isWhole(await take())).toBe(true)
  })
})

test('an index of ours that is broken is made anew', async () => {
  const { directory, take } = openSnapshots()
  const before = await take()
  writeFileSync(join(directory, 'index'), 'half of an ind')
  expect(await take()).toBe(before)
})

describe('the attribute working-tree-encoding', () => {
  const attributes = '*.txt working-tree-encoding=UTF-16LE\n'

  test('makes text of files that fit it', async () => {
    const { cwd, take, diff } = openSnapshots({ '.gitattributes': attributes })
    const before = await take()
    writeFileSync(join(cwd, 'fits.txt'), 'one\n', 'utf16le')
    expect((await diff(before, await take())).texts).toEqual([expect.stringContaining('\n+one\n')])
  })

  test('is left alone when a file does not fit it, and all are kept byte by byte', async () => {
    const { cwd, take, diff, read } = openSnapshots({ '.gitattributes': attributes })
    writeFileSync(join(cwd, 'fits.txt'), 'one\n', 'utf16le')
    age(cwd, 'fits.txt')
    const before = await take()
    writeFileSync(join(cwd, 'odd.txt'), 'odd')
    const after = await take()
    expect((await diff(before, after)).entries).toMatchObject([{ path: 'odd.txt', status: 'added' }])
    expect(await read(after, 'odd.txt')).toEqual(Buffer.from('odd'))
    writeFileSync(join(cwd, 'fits.txt'), 'two\n', 'utf16le')
    expect(await read(await take(), 'fits.txt')).toEqual(Buffer.from('two\n', 'utf16le'))
  })

  test.each([
    ['no value', 'working-tree-encoding'],
    ['a name that nobody knows', 'working-tree-encoding=nothing-of-the-kind'],
    ['an encoding that asks for a byte order mark', 'working-tree-encoding=UTF-16'],
  ])('with %s does not keep a snapshot from being taken', async (_, attribute) => {
    const { cwd, take, read } = openSnapshots()
    writeFileSync(join(cwd, '.gitattributes'), `*.txt ${attribute}\n`)
    writeFileSync(join(cwd, 'new.txt'), 'new\n')
    expect(await read(await take(), 'new.txt')).toEqual(Buffer.from('new\n'))
  })
})
