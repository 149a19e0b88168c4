import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseRawAndNumstat } from '../../src/workspace/git/git-diff.ts'
import { openFiles } from './open-files.ts'
import { openSnapshots } from './open-snapshots.ts'

const bytesOf = (path: string) => Buffer.from(path, 'latin1')

/** Names as bytes, and as every part of the API shows them. */
const names: [string, string][] = [
  ['caf\xe9.txt', 'caf%E9.txt'],
  ['\xff', '%FF'],
  ['100%\xfe', '100%25%FE'],
  ['\xc3\xa9\xff', '%C3%A9%FF'],
]

function openNames() {
  const opened = openFiles()
  for (const [name] of names) {
    mkdirSync(bytesOf(`${opened.cwd}/dir-${name}`))
    writeFileSync(bytesOf(`${opened.cwd}/dir-${name}/in-${name}`), name, 'latin1')
    symlinkSync(bytesOf(`dir-${name}/in-${name}`), bytesOf(`${opened.cwd}/link-${name}`))
  }
  return opened
}

describe.each(names)('a name of the bytes %j', (name, shown) => {
  const path = `dir-${shown}/in-${shown}`

  test('is listed, read, written and removed as the same', async () => {
    const { cwd, list, read, write, remove } = openNames()
    const { entries } = await list('', { depth: 2 })
    const paths = entries.flatMap(entry => [entry.path, ...(entry.children ?? []).map(child => child.path)])
    expect(paths).toContain(path)
    expect(entries.find(entry => entry.path === `link-${shown}`)).toMatchObject({
      target: path,
      escaped: true,
    })
    expect((await list(`dir-${shown}`)).entries.map(entry => entry.path)).toEqual([path])
    expect(Buffer.from(await read(path))).toEqual(Buffer.from(bytesOf(name).toString()))
    expect(await read(`link-${shown}`)).toBe(await read(path))
    expect(await write(path, 'new')).toMatchObject({ path, created: false })
    expect(readFileSync(bytesOf(`${cwd}/dir-${name}/in-${name}`), 'utf8')).toBe('new')
    await write(`dir-${shown}/plain`, 'beside')
    expect(readdirSync(bytesOf(`${cwd}/dir-${name}`))).toHaveLength(2)
    await remove(path)
    expect(existsSync(bytesOf(`${cwd}/dir-${name}/in-${name}`))).toBe(false)
    await remove(`dir-${shown}`, true)
    expect(existsSync(bytesOf(`${cwd}/dir-${name}`))).toBe(false)
  })

  test('is the same in a diff, its headers included', async () => {
    const { cwd, take, diff } = openSnapshots()
    const before = await take()
    mkdirSync(bytesOf(`${cwd}/dir-${name}`))
    writeFileSync(bytesOf(`${cwd}/dir-${name}/in-${name}`), 'line\n')
    const { entries, texts } = await diff(before, await take())
    expect(entries).toMatchObject([{ path, status: 'added', insertions: 1 }])
    expect(texts[0]).toContain(`diff --git a/${path} b/${path}\n`)
    expect(texts[0]).toContain(`+++ b/${path}\n`)
  })
})

test('a file whose name is that very text comes first, and is made where neither is', async () => {
  const { cwd, read, write } = openFiles({ 'caf%E9': 'text' })
  writeFileSync(bytesOf(`${cwd}/caf\xe9`), 'bytes')
  writeFileSync(bytesOf(`${cwd}/only\xe9`), 'bytes')
  expect(await read('caf%E9')).toBe('text')
  expect(await read('only%E9')).toBe('bytes')
  expect(await write('new%E9', 'x')).toMatchObject({ path: 'new%E9', created: true })
  expect(readFileSync(join(cwd, 'new%E9'), 'utf8')).toBe('x')
})

test('what a file holds stays as it is beside a header that is not UTF-8', async () => {
  const { cwd, take, diff } = openSnapshots()
  const before = await take()
  writeFileSync(bytesOf(`${cwd}/caf\xe9`), 'a % of \xe9\n', 'latin1')
  const { texts } = await diff(before, await take())
  expect(texts[0]).toContain('+a % of \ufffd\n')
  expect(parseRawAndNumstat('')).toEqual([])
})
