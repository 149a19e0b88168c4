import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorOf, makeDeepTree, openFiles } from './open-files.ts'

describe('writing', () => {
  test('creates with the directories that are missing, then replaces; the tag changes each time', async () => {
    const { cwd, write, files, roots } = openFiles()
    const first = await write('a/b/c.txt', 'one')
    expect(first).toMatchObject({ created: true, path: 'a/b/c.txt', sizeBytes: 3 })
    const second = await write('a/b/c.txt', 'two')
    expect(second).toMatchObject({ created: false, path: 'a/b/c.txt', sizeBytes: 3 })
    expect(second.tag).not.toBe(first.tag)
    const opened = await files.open(roots, 'a/b/c.txt')
    await opened.close()
    expect(opened.tag).toBe(second.tag)
    expect(readFileSync(join(cwd, 'a/b/c.txt'), 'utf8')).toBe('two')
    expect(readdirSync(join(cwd, 'a/b'))).toEqual(['c.txt'])
  })

  test('permissions stay as they were', async () => {
    const { cwd, write } = openFiles({ 'run.sh': '#!/bin/sh' })
    chmodSync(join(cwd, 'run.sh'), 0o750)
    await write('run.sh', '#!/bin/sh\necho')
    expect(statSync(join(cwd, 'run.sh')).mode & 0o777).toBe(0o750)
  })

  test('a link inside is followed, also to a file that does not exist yet; the link stays', async () => {
    const { cwd, write, list } = openFiles({ link: '-> sub/file', 'sub/file': 'old', dangling: '-> sub/new' })
    expect((await write('link', 'new')).path).toBe('sub/file')
    expect((await write('dangling', 'made')).created).toBe(true)
    expect(readFileSync(join(cwd, 'sub/file'), 'utf8')).toBe('new')
    expect(readFileSync(join(cwd, 'sub/new'), 'utf8')).toBe('made')
    expect((await list()).entries.map(({ name, type }) => [name, type])).toEqual([
      ['dangling', 'symlink'],
      ['link', 'symlink'],
      ['sub', 'directory'],
    ])
  })

  test('an empty file, and one with every byte', async () => {
    const { cwd, files, roots, write } = openFiles()
    await write('empty', '')
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    await files.write(roots, 'bytes', bytes, {})
    expect(readFileSync(join(cwd, 'bytes')).equals(bytes)).toBe(true)
    expect(statSync(join(cwd, 'empty')).size).toBe(0)
  })

  test('under a file, behind what does not exist, over a directory, and too deep: no file is made', async () => {
    const { cwd, write } = openFiles({ file: 'x', 'dir/x': '' })
    expect(await errorOf(write('file/under', 'x'))).toEqual({ code: 'FILE_NOT_FOUND' })
    expect(await errorOf(write('new/../other', 'x'))).toEqual({ code: 'INVALID_REQUEST', field: 'path' })
    expect(await errorOf(write('new/..', 'x'))).toEqual({ code: 'INVALID_REQUEST', field: 'path' })
    expect(await errorOf(write('dir', 'x'))).toEqual({ code: 'INVALID_REQUEST', field: 'path' })
    expect(await errorOf(write('new/', 'x'))).toEqual({ code: 'INVALID_REQUEST', field: 'path' })
    expect(await errorOf(write(`new/${'x'.repeat(300)}`, 'x'))).toEqual({
      code: 'INVALID_REQUEST',
      field: 'path',
    })
    expect(await errorOf(write(`${'n/'.repeat(101)}x`, 'x'))).toEqual({
      code: 'INVALID_REQUEST',
      field: 'path',
    })
    expect(readdirSync(cwd).sort()).toEqual(['dir', 'file', 'new'])
    expect(readdirSync(join(cwd, 'new'))).toEqual([])
  })
})

describe('preconditions', () => {
  test('the tag must be the one that is there', async () => {
    const { cwd, write } = openFiles()
    const { tag } = await write('file', 'one')
    expect(await errorOf(write('file', 'x', { match: ['other'] }))).toEqual({ code: 'PRECONDITION_FAILED' })
    const second = await write('file', 'two', { match: ['other', tag] })
    expect(await errorOf(write('file', 'x', { match: [tag] }))).toEqual({ code: 'PRECONDITION_FAILED' })
    writeFileSync(join(cwd, 'file'), 'won')
    expect(await errorOf(write('file', 'x', { match: [second.tag] }))).toEqual({
      code: 'PRECONDITION_FAILED',
    })
    await write('file', 'any', { match: '*' })
    expect(await errorOf(write('deep/missing', 'x', { match: '*' }))).toEqual({ code: 'PRECONDITION_FAILED' })
    expect(readdirSync(cwd)).toEqual(['file'])
    expect(readFileSync(join(cwd, 'file'), 'utf8')).toBe('any')
  })

  test('only creating: of twenty at once one succeeds, and its content is there', async () => {
    const { cwd, write } = openFiles()
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => write('d/file', `${index}`, { noneMatch: '*' })),
    )
    const won = results.flatMap((result, index) => (result.status === 'fulfilled' ? [`${index}`] : []))
    expect(won).toEqual([readFileSync(join(cwd, 'd/file'), 'utf8')])
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'PRECONDITION_FAILED' })
    }
    expect(readdirSync(join(cwd, 'd'))).toEqual(['file'])
  })

  test('changing: of twenty at once with one tag one succeeds', async () => {
    const { cwd, write } = openFiles()
    const { tag } = await write('file', 'start')
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => write('file', `${index}`, { match: [tag] })),
    )
    const won = results.flatMap((result, index) => (result.status === 'fulfilled' ? [`${index}`] : []))
    expect(won).toEqual([readFileSync(join(cwd, 'file'), 'utf8')])
  })
})

describe('removing', () => {
  test('files, empty directories, and all of a directory when asked', async () => {
    const { cwd, remove } = openFiles({
      file: 'x',
      'empty/': '',
      'full/a/b': 'x',
      'full/c': '-> ../kept/x',
      'kept/x': 'x',
    })
    await remove('file')
    await remove('empty')
    expect(await errorOf(remove('full'))).toEqual({ code: 'INVALID_REQUEST', field: 'recursive' })
    await remove('full', true)
    expect(readdirSync(cwd)).toEqual(['kept'])
    expect(readdirSync(join(cwd, 'kept'))).toEqual(['x'])
    expect(await errorOf(remove('file'))).toEqual({ code: 'FILE_NOT_FOUND' })
    expect(await errorOf(remove('no/where'))).toEqual({ code: 'FILE_NOT_FOUND' })
    for (const path of ['', '.', cwd, 'kept/..']) {
      expect(await errorOf(remove(path, true)), path).toEqual({ code: 'INVALID_REQUEST', field: 'path' })
    }
  })

  test('a directory with thousands of files, and one that is deep', async () => {
    const { cwd, remove } = openFiles()
    mkdirSync(join(cwd, 'wide'))
    for (let index = 0; index < 2_500; index++) writeFileSync(join(cwd, 'wide', `${index}`), '')
    mkdirSync(join(cwd, 'deep'))
    makeDeepTree(join(cwd, 'deep'), 400)
    await remove('wide', true)
    await remove('deep', true)
    expect(readdirSync(cwd)).toEqual([])
  })

  test("not what one of the session's own directories lies in", async () => {
    const { cwd, directory, files } = openFiles({ 'x/work/file': '', 'x/workshop/file': '' })
    const roots = [join(cwd, 'x/work'), cwd] as const
    for (const path of [join(cwd, 'x'), `${cwd}/x/`, '..', cwd, '']) {
      const removing = files.remove(roots, path, { recursive: true, precondition: {} })
      expect(await errorOf(removing), path).toEqual({ code: 'INVALID_REQUEST', field: 'path' })
    }
    expect(existsSync(join(cwd, 'x/work/file'))).toBe(true)
    await files.remove(roots, join(cwd, 'x/workshop'), { recursive: true, precondition: {} })
    expect(readdirSync(join(cwd, 'x'))).toEqual(['work'])
    expect(existsSync(directory)).toBe(true)
  })

  test('only in the state that was asked for; of a link that is the state of what it leads to', async () => {
    const { cwd, files, roots, remove } = openFiles({ file: 'x', link: '-> file' })
    const { tag, close } = await files.open(roots, 'link')
    await close()
    expect(await errorOf(remove('file', false, { match: ['other'] }))).toEqual({
      code: 'PRECONDITION_FAILED',
    })
    await remove('link', false, { match: [tag] })
    expect(readdirSync(cwd)).toEqual(['file'])
    await remove('file', false, { match: [tag] })
    expect(readdirSync(cwd)).toEqual([])
  })
})
