import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { errorOf, openFiles, secret } from './open-files.ts'

const outwards = [
  '..',
  '../outside/secret.txt',
  'sub/../../outside/secret.txt',
  '../../../../../../../../etc/passwd',
  '../nothing-of-this-name',
  '/etc/passwd',
  '/',
  '/nothing-of-this-name',
  'link-out/secret.txt',
  'link-out',
  'link-out/nothing-of-this-name',
  'link-to-secret',
  'absolute-link-out/passwd',
  'link-to-nothing-outside',
  'chain',
  'proc/environ',
  'sub/up/../outside/secret.txt',
]

function openWithLinks() {
  return openFiles({
    'sub/inner.txt': 'inner',
    'link-out': '-> ../outside',
    'link-to-secret': '-> ../outside/secret.txt',
    'absolute-link-out': '-> /etc',
    'link-to-nothing-outside': '-> ../outside/missing',
    chain: '-> chain2',
    chain2: '-> sub/up/../outside/secret.txt',
    'sub/up': '-> ..',
    proc: '-> /proc/self',
  })
}

describe('what leads out', () => {
  test.each(outwards)('%s is refused, whether or not it exists, and nothing of it is touched', async path => {
    const { files, roots, outside, read, write, remove, list } = openWithLinks()
    expect(await errorOf(read(path))).toEqual({ code: 'PATH_NOT_ALLOWED' })
    expect(await errorOf(list(path))).toEqual({ code: 'PATH_NOT_ALLOWED' })
    expect(await errorOf(write(path, 'x'))).toEqual({ code: 'PATH_NOT_ALLOWED' })
    expect(await errorOf(write(`${path}/new.txt`, 'x'))).toEqual({ code: 'PATH_NOT_ALLOWED' })
    expect(await errorOf(files.archive(roots, { path, exclude: [] }))).toEqual({ code: 'PATH_NOT_ALLOWED' })
    expect(await errorOf(remove(`${path}/secret.txt`, true))).toEqual({ code: 'PATH_NOT_ALLOWED' })
    expect(readFileSync(join(outside, 'secret.txt'), 'utf8')).toBe(secret)
    expect(existsSync(join(outside, 'missing'))).toBe(false)
  })

  test('a link that leads out can be removed; what it leads to stays', async () => {
    const { cwd, outside, remove } = openWithLinks()
    await remove('link-out', true)
    await remove('link-to-secret')
    expect(lstatSync(join(cwd, 'link-out'), { throwIfNoEntry: false })).toBeUndefined()
    expect(readFileSync(join(outside, 'secret.txt'), 'utf8')).toBe(secret)
  })

  test('a directory whose name only begins like the root is another one', async () => {
    const { cwd, read } = openFiles()
    mkdirSync(`${cwd}-sibling`)
    writeFileSync(`${cwd}-sibling/file`, secret)
    expect(await errorOf(read(`${cwd}-sibling/file`))).toEqual({ code: 'PATH_NOT_ALLOWED' })
    expect(await errorOf(read('../work-sibling/file'))).toEqual({ code: 'PATH_NOT_ALLOWED' })
  })

  test('a root that has become a link is no root any more', async () => {
    const { cwd, outside, read, list } = openFiles({ 'secret.txt': 'mine' })
    renameSync(cwd, `${cwd}-before`)
    expect(await errorOf(list())).toEqual({ code: 'FILE_NOT_FOUND' })
    symlinkSync(outside, cwd)
    expect(['PATH_NOT_ALLOWED', 'FILE_NOT_FOUND']).toContain((await errorOf(read('secret.txt'))).code)
    rmSync(cwd)
    renameSync(`${cwd}-before`, cwd)
    expect(await read('secret.txt')).toBe('mine')
  })
})

describe('what stays inside', () => {
  test('paths and links of every kind', async () => {
    const { directory, cwd, read, fill } = openFiles({
      'sub/file.txt': 'content',
      relative: '-> sub/file.txt',
      'sub/to-parent': '-> ..',
      'deep/er/link': '-> ../../sub',
      '%2e%2e/file.txt': 'percent',
      'back\\slash': 'backslash',
      'ü é/日本.txt': 'unicode',
      ' ': 'space',
      '...': 'dots',
    })
    symlinkSync(cwd, join(directory, 'alias'))
    fill({
      absolute: `-> ${cwd}/sub`,
      'round-about': '-> ../work/sub/file.txt',
      'through-alias': `-> ${directory}/alias/sub/file.txt`,
    })
    for (const path of [
      'sub/file.txt',
      './sub//file.txt',
      'sub/../sub/file.txt',
      'relative',
      'absolute/file.txt',
      'round-about',
      'through-alias',
      'deep/er/link/file.txt',
      'sub/to-parent/sub/to-parent/relative',
      '../work/relative',
      `${cwd}/sub/file.txt`,
      `${cwd}/../work/sub/file.txt`,
      `${directory}/alias/sub/file.txt`,
    ]) {
      expect(await read(path), path).toBe('content')
    }
    expect(await read('%2e%2e/file.txt')).toBe('percent')
    expect(await read('back\\slash')).toBe('backslash')
    expect(await read('ü é/日本.txt')).toBe('unicode')
    expect(await read(' ')).toBe('space')
    expect(await read('...')).toBe('dots')
  })

  test('`..` behind a link goes up from where the link led', async () => {
    const { read } = openFiles({ 'a/b/file': 'right', 'a/file': 'up', file: 'top', link: '-> a/b' })
    expect(await read('link/file')).toBe('right')
    expect(await read('link/../file')).toBe('up')
  })

  test('further directories of the session, by their absolute paths', async () => {
    const { directory, outside, cwd, files, read, fill } = openFiles({
      'to-other': '-> ../outside/secret.txt',
    })
    fill({ 'mine.txt': 'mine' })
    const roots = [cwd, outside] as const
    expect(await read('to-other', roots)).toBe(secret)
    expect(await read(`${outside}/secret.txt`, roots)).toBe(secret)
    const tree = await files.list(roots, { path: outside, depth: 1, limit: 10 })
    expect(tree.path).toBe(outside)
    expect(tree.entries.map(({ path }) => path)).toEqual([`${outside}/inner`, `${outside}/secret.txt`])
    expect((await files.list(roots, { path: '', depth: 1, limit: 10 })).entries).toMatchObject([
      { path: 'mine.txt' },
      { path: 'to-other', target: `${outside}/secret.txt` },
    ])
    expect(await errorOf(read(join(directory, 'other'), roots))).toEqual({ code: 'PATH_NOT_ALLOWED' })
    expect(await errorOf(files.remove(roots, outside, { recursive: true, precondition: {} }))).toEqual({
      code: 'INVALID_REQUEST',
      field: 'path',
    })
  })
})

describe('what is no file', () => {
  test('nothing, something under a file, circles, and names that are too long', async () => {
    const { read, list } = openFiles({
      file: 'x',
      a: '-> b',
      b: '-> a',
      dangling: '-> nowhere',
      self: '-> self/x',
    })
    for (const path of [
      'missing',
      'file/under',
      'missing/under/it',
      'a',
      'dangling',
      'self',
      'd/'.repeat(2000),
    ]) {
      expect(await errorOf(read(path)), path).toEqual({ code: 'FILE_NOT_FOUND' })
    }
    expect(await errorOf(read('x'.repeat(300)))).toEqual({ code: 'INVALID_REQUEST', field: 'path' })
    expect(await errorOf(list('file'))).toEqual({ code: 'INVALID_REQUEST', field: 'path' })
    expect(await errorOf(list('missing'))).toEqual({ code: 'FILE_NOT_FOUND' })
  })

  test('directories, FIFOs, sockets and devices are never opened, read or replaced', async () => {
    const { cwd, read, write, list, remove, fill } = openFiles({ 'sub/x': '' })
    execFileSync('mkfifo', [join(cwd, 'fifo')])
    const server = createServer().listen(join(cwd, 'socket'))
    onTestFinished(() => void server.close())
    await new Promise(resolve => server.once('listening', resolve))
    fill({ 'link-to-fifo': '-> fifo' })
    for (const path of ['fifo', 'socket', 'link-to-fifo', 'sub', '', 'sub/']) {
      expect(await errorOf(read(path)), path).toEqual({ code: 'INVALID_REQUEST', field: 'path' })
      expect(await errorOf(write(path, 'x')), path).toEqual({ code: 'INVALID_REQUEST', field: 'path' })
    }
    expect((await list()).entries.map(({ name, type, sizeBytes }) => [name, type, sizeBytes])).toEqual([
      ['fifo', 'other', null],
      ['link-to-fifo', 'symlink', null],
      ['socket', 'other', null],
      ['sub', 'directory', null],
    ])
    await remove('fifo')
    expect(existsSync(join(cwd, 'fifo'))).toBe(false)
  })
})

test('without descriptors in the file system the same is found and refused', async () => {
  const { cwd, outside, read, write, remove, list } = openFiles(
    { 'sub/file.txt': 'content', link: '-> sub', out: '-> ../outside', 'deep/a/b': '' },
    { pinned: false },
  )
  expect(await read('link/../sub/file.txt')).toBe('content')
  expect((await write('link/new/file.txt', 'x')).path).toBe('sub/new/file.txt')
  for (const path of ['out/secret.txt', '../outside/secret.txt', `${outside}/secret.txt`]) {
    expect(await errorOf(read(path))).toEqual({ code: 'PATH_NOT_ALLOWED' })
    expect(await errorOf(write(path, 'x'))).toEqual({ code: 'PATH_NOT_ALLOWED' })
    expect(await errorOf(remove(path))).toEqual({ code: 'PATH_NOT_ALLOWED' })
  }
  execFileSync('mkfifo', [join(cwd, 'fifo')])
  expect(await errorOf(read('fifo'))).toEqual({ code: 'INVALID_REQUEST', field: 'path' })
  await remove('deep', true)
  expect((await list('', { depth: 2 })).entries.map(({ name }) => name)).toEqual([
    'fifo',
    'link',
    'out',
    'sub',
  ])
})
