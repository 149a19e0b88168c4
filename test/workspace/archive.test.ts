import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { errorOf, makeDeepTree, openFiles } from './open-files.ts'

function unpack(archive: Buffer): string {
  const target = temporaryDirectory()
  execFileSync('tar', ['-xzf', '-', '-C', target], { input: archive, env: { PATH: '/usr/bin:/bin' } })
  return target
}

/** Paths with what is there, below a directory. */
function contentsOf(directory: string, path = ''): Record<string, string> {
  const contents: Record<string, string> = {}
  for (const name of readdirSync(join(directory, path)).sort()) {
    const inner = join(path, name)
    const stats = lstatSync(join(directory, inner))
    if (stats.isSymbolicLink()) contents[inner] = `-> ${readlinkSync(join(directory, inner))}`
    else if (stats.isFile()) contents[inner] = readFileSync(join(directory, inner), 'utf8')
    else Object.assign(contents, { [inner]: '/' }, contentsOf(directory, inner))
  }
  return contents
}

function openArchives(tree: Record<string, string>) {
  const opened = openFiles(tree)
  const archive = async (path = '', exclude: string[] = []) => {
    const { name, content } = await opened.files.archive(opened.roots, { path, exclude })
    return { name, bytes: await buffer(content) }
  }
  return { ...opened, archive }
}

const long = `${'long-name-'.repeat(24)}.txt`
const deep = Array.from({ length: 12 }, (_, level) => `level-${level}-${'x'.repeat(40)}`).join('/')

test("the system's tar unpacks it as it was: names of every kind, permissions, times, links, empty directories", async () => {
  const { cwd, archive } = openArchives({
    'a.txt': 'a',
    'empty/': '',
    'empty.txt': '',
    'sub/run.sh': 'x'.repeat(1_000),
    'ü é 日本/😀.txt': 'unicode',
    [long]: 'long',
    [`${deep}/end.txt`]: 'deep',
    '.git/HEAD': 'ref',
    'line\nbreak': 'odd',
    'sub/link': '-> run.sh',
    'link-up': '-> sub/../a.txt',
    [`sub/to-long-${'y'.repeat(120)}`]: `-> ../${long}`,
    'dangling-inside': '-> sub/not-yet',
  })
  chmodSync(join(cwd, 'sub/run.sh'), 0o755)
  utimesSync(join(cwd, 'a.txt'), 1_000_000_000, 1_000_000_000)
  const { name, bytes } = await archive()
  expect(name).toBe('work')
  const target = unpack(bytes)
  expect(contentsOf(target)).toEqual(contentsOf(cwd))
  expect(lstatSync(join(target, 'sub/run.sh')).mode & 0o777).toBe(0o755)
  expect(lstatSync(join(target, 'a.txt')).mtimeMs).toBe(1_000_000_000_000)
  expect((await archive()).bytes.equals(bytes)).toBe(true)
})

test('links that lead out are left out, and so is what is no file; absolute ones that stay inside become relative', async () => {
  const { cwd, archive, fill } = openArchives({
    'sub/file': 'x',
    out: '-> ../outside/secret.txt',
    'sub/out': '-> ../../outside',
    etc: '-> /etc/passwd',
    circle: '-> circle',
    'sub/out-behind-nothing': '-> missing/../../../outside/secret.txt',
    'sub/other': '-> ../beside/file',
    'beside/file': 'beside',
  })
  fill({ absolute: `-> ${cwd}/sub/file`, 'sub/deep/self': `-> ${cwd}/sub` })
  execFileSync('mkfifo', [join(cwd, 'fifo')])
  expect(contentsOf(unpack((await archive()).bytes))).toEqual({
    absolute: '-> sub/file',
    beside: '/',
    'beside/file': 'beside',
    sub: '/',
    'sub/deep': '/',
    'sub/deep/self': '-> ..',
    'sub/file': 'x',
    'sub/other': '-> ../beside/file',
  })
  const { name, bytes } = await archive('sub')
  expect(name).toBe('sub')
  // What leads to something beside the part that is archived would lead somewhere else where it is unpacked.
  expect(contentsOf(unpack(bytes))).toEqual({ deep: '/', 'deep/self': '-> ..', file: 'x' })
})

test('a part, a single file, and what is left out', async () => {
  const { archive } = openArchives({
    'a/node_modules/x': '',
    'a/keep': '',
    'node_modules/y': '',
    'dist/maps/z': '',
    'dist/js': '',
    'b/dist/maps': '',
    'single.txt': 'single',
  })
  const { bytes } = await archive('', ['node_modules', 'dist/maps'])
  expect(Object.keys(contentsOf(unpack(bytes)))).toEqual([
    'a',
    'a/keep',
    'b',
    'b/dist',
    'b/dist/maps',
    'dist',
    'dist/js',
    'single.txt',
  ])
  const single = await archive('single.txt')
  expect([single.name, contentsOf(unpack(single.bytes))]).toEqual(['single.txt', { 'single.txt': 'single' }])
  expect(await errorOf(archive('missing'))).toEqual({ code: 'FILE_NOT_FOUND' })
})

test('names that are not UTF-8 are in it as they are listed', async () => {
  const { cwd, archive } = openArchives({})
  writeFileSync(Buffer.concat([Buffer.from(`${cwd}/caf`), Buffer.from([0xe9])]), 'x')
  mkdirSync(Buffer.concat([Buffer.from(`${cwd}/dir`), Buffer.from([0xff])]))
  writeFileSync(Buffer.concat([Buffer.from(`${cwd}/dir`), Buffer.from([0xff]), Buffer.from('/in')]), 'y')
  const linkIn = (name: string, target: Buffer | string) =>
    symlinkSync(
      target,
      Buffer.concat([Buffer.from(`${cwd}/dir`), Buffer.from([0xff]), Buffer.from(`/${name}`)]),
    )
  linkIn('to-in', 'in')
  linkIn('to-outside', '/etc/passwd')
  // A link leads to the one that has got another name in the archive.
  symlinkSync(Buffer.from('é/../caf\xe9', 'latin1'), join(cwd, 'left-out'))
  symlinkSync(Buffer.concat([Buffer.from('./'), Buffer.from([0x63, 0x61, 0x66, 0xe9])]), join(cwd, 'link'))
  expect(contentsOf(unpack((await archive()).bytes))).toEqual({
    'caf%E9': 'x',
    'dir%FF': '/',
    'dir%FF/in': 'y',
    'dir%FF/to-in': '-> in',
    link: '-> ./caf%E9',
  })
})

test('a directory however deep', async () => {
  const { cwd, archive } = openArchives({ 'a.txt': 'a', 'z.txt': 'z' })
  makeDeepTree(cwd, 700)
  const contents = contentsOf(unpack((await archive()).bytes))
  expect(Object.keys(contents)).toHaveLength(703)
  expect(contents).toMatchObject({ 'a.txt': 'a', [`${'d/'.repeat(700)}end`]: '', 'z.txt': 'z' })
})

test('a file that gets shorter or longer while it is archived leaves the archive whole', async () => {
  const { cwd, files, roots } = openFiles({ 'z.txt': 'after them' })
  // Nothing that could be compressed, so that most of it waits for the reader.
  const noise = Buffer.from(Array.from({ length: 4_000_000 }, () => Math.random() * 256))
  writeFileSync(join(cwd, 'a'), noise)
  writeFileSync(join(cwd, 'b'), noise)
  const { content } = await files.archive(roots, { path: '', exclude: [] })
  const reader = content[Symbol.asyncIterator]()
  const first = (await reader.next()).value as Buffer
  truncateSync(join(cwd, 'a'), 10)
  const rest: Buffer[] = []
  for (;;) {
    const { done, value } = await reader.next()
    if (done) break
    if (rest.length === 0) writeFileSync(join(cwd, 'b'), 'grown', { flag: 'a' })
    rest.push(value as Buffer)
  }
  const target = unpack(Buffer.concat([first, ...rest]))
  expect(lstatSync(join(target, 'a')).size).toBe(4_000_000)
  expect(readFileSync(join(target, 'a')).subarray(0, 10).equals(noise.subarray(0, 10))).toBe(true)
  expect(readFileSync(join(target, 'z.txt'), 'utf8')).toBe('after them')
})

test('what it holds in memory does not grow with what it archives, and leaving it closes every file', async () => {
  const { cwd, files, roots } = openFiles({ huge: '' })
  truncateSync(join(cwd, 'huge'), 256 * 1024 ** 2)
  const descriptors = () => readdirSync('/proc/self/fd').length
  const before = descriptors()
  const started = process.memoryUsage().rss
  let peak = 0
  const { content } = await files.archive(roots, { path: '', exclude: [] })
  await pipeline(
    content,
    new Writable({
      write(_chunk, _encoding, done) {
        peak = Math.max(peak, process.memoryUsage().rss)
        done()
      },
    }),
  )
  expect(peak - started).toBeLessThan(100 * 1024 ** 2)
  const left = await files.archive(roots, { path: '', exclude: [] })
  for await (const _ of left.content) break
  const unread = await files.archive(roots, { path: '', exclude: [] })
  unread.content.destroy()
  await until(() => descriptors() === before)
})
