import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorOf, openFiles, toLines } from './open-files.ts'

describe('a listing', () => {
  test('is sorted, shows hidden files, and goes as deep as asked; not into .git or links', async () => {
    const { list } = openFiles({
      'b.txt': 'bb',
      'a/x/y/z.txt': '',
      '.hidden': '',
      '.git/objects/x': '',
      'a/.git/config': '',
      B: '',
      ä: '',
      link: '-> a',
      out: '-> ../outside',
      nowhere: '-> a/missing',
      'empty/': '',
    })
    expect(toLines((await list()).entries)).toEqual([
      '.git directory',
      '.hidden file',
      'B file',
      'a directory',
      'b.txt file',
      'empty directory',
      'link symlink -> a',
      'nowhere symlink -> a/missing',
      'out symlink',
      'ä file',
    ])
    expect(toLines((await list('', { depth: 3 })).entries).slice(0, 7)).toEqual([
      '.git directory',
      '.hidden file',
      'B file',
      'a directory',
      '  .git directory',
      '  x directory',
      '    y directory',
    ])
    expect(toLines((await list('.git', { depth: 2 })).entries)).toEqual(['objects directory', '  x file'])
    const inner = await list('link/x/../x', { depth: 10 })
    expect(inner.path).toBe('a/x')
    expect(inner.entries).toMatchObject([
      { path: 'a/x/y', name: 'y', children: [{ path: 'a/x/y/z.txt', name: 'z.txt', sizeBytes: 0 }] },
    ])
    expect((await list('empty')).entries).toEqual([])
  })

  test('comes in pages', async () => {
    const { cwd, list } = openFiles()
    for (let index = 0; index < 25; index++) writeFileSync(join(cwd, `${100 + index}`), '')
    const names: string[] = []
    let cursor: string | undefined
    let pages = 0
    do {
      const page = await list('', { limit: 10, ...(cursor !== undefined && { cursor }) })
      names.push(...page.entries.map(({ name }) => name))
      cursor = page.nextCursor ?? undefined
      pages += 1
      // What comes and goes between the pages does not move the others.
      writeFileSync(join(cwd, `0${pages}`), '')
    } while (cursor !== undefined)
    expect(pages).toBe(3)
    expect(names).toEqual(Array.from({ length: 25 }, (_, index) => `${100 + index}`))
    expect((await list('', { limit: 28 })).nextCursor).toBeNull()
    for (const wrong of ['=', '!', 'a b']) {
      expect(await errorOf(list('', { cursor: wrong }))).toEqual({ code: 'INVALID_REQUEST', field: 'cursor' })
    }
  })

  test('is bounded, and says where', async () => {
    const { cwd, list } = openFiles({ 'big/': '', 'later/x': '' })
    for (let index = 0; index < 1_100; index++) writeFileSync(join(cwd, 'big', `${10_000 + index}`), '')
    const { entries } = await list('', { depth: 2 })
    expect(entries.map(({ name, children, truncated }) => [name, children?.length, truncated])).toEqual([
      ['big', 1000, true],
      ['later', 1, undefined],
    ])
    for (let directory = 0; directory < 6; directory++) {
      mkdirSync(join(cwd, `m${directory}`))
      for (let index = 0; index < 900; index++) writeFileSync(join(cwd, `m${directory}`, `${index}`), '')
    }
    const many = (await list('', { depth: 2 })).entries
    const shown = many.reduce((sum, { children = [] }) => sum + 1 + children.length, 0)
    expect(shown).toBe(5_000)
    expect(many.at(-1)).toMatchObject({ name: 'm5', truncated: true })
  })

  test('names that are not UTF-8 are shown, and told apart', async () => {
    const { cwd, list } = openFiles()
    for (const byte of [0xfe, 0xff]) {
      writeFileSync(Buffer.concat([Buffer.from(`${cwd}/caf`), Buffer.from([byte])]), 'x')
      mkdirSync(Buffer.concat([Buffer.from(`${cwd}/dir`), Buffer.from([byte])]))
    }
    const { entries } = await list('', { depth: 3 })
    expect(entries.map(({ name, escaped, truncated }) => [name, escaped, truncated])).toEqual([
      ['caf%FE', true, undefined],
      ['caf%FF', true, undefined],
      ['dir%FE', true, undefined],
      ['dir%FF', true, undefined],
    ])
  })
})
