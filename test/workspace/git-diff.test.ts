import { chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openSnapshots } from './open-snapshots.ts'

test('each file has its own text, whatever is in the files', async () => {
  const long = '1\n2\n3\n4\n5\n6\n7\n8\n'
  const { cwd, take, diff } = openSnapshots({
    'binary.bin': '\0one\n',
    'goes.txt': 'diff --git a/goes.txt b/goes.txt\nwith what looks like a header\n',
    'kind.txt': 'a file\n',
    'mode.txt': 'stays\n',
    'old.txt': long,
  })
  const before = await take()
  const contents: Record<string, string> = {
    'a.txt': 'x\rdiff --git a/evil b/evil\n',
    'b.txt': 'x\u2028diff --git a/evil b/evil\n',
    'binary.bin': '\0two\ndiff --git a/evil b/evil\n',
    'c.txt': 'x\u2029diff --git a/evil b/evil\r\n',
    'd.txt': 'x\ndiff --git a/evil b/evil\ndiff --git a/d.txt b/d.txt\n',
    'empty.txt': '',
    'z.txt': 'the last one\n',
  }
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(cwd, name), content)
  rmSync(join(cwd, 'goes.txt'))
  rmSync(join(cwd, 'kind.txt'))
  symlinkSync('mode.txt', join(cwd, 'kind.txt'))
  chmodSync(join(cwd, 'mode.txt'), 0o755)
  renameSync(join(cwd, 'old.txt'), join(cwd, 'moved.txt'))
  const { entries, texts } = await diff(before, await take())
  expect(entries.map(({ path }) => path)).toEqual([
    'a.txt',
    'b.txt',
    'binary.bin',
    'c.txt',
    'd.txt',
    'empty.txt',
    'goes.txt',
    'kind.txt',
    'mode.txt',
    'moved.txt',
    'z.txt',
  ])
  expect(texts).toHaveLength(entries.length)
  for (const [index, { path, oldPath = path }] of entries.entries()) {
    expect(texts[index]).toMatch(new RegExp(`^diff --git a/${oldPath} b/${path}\n`))
  }
  const textOf = (path: string) => texts[entries.findIndex(entry => entry.path === path)]
  expect(textOf('a.txt')).toContain('+x\rdiff --git a/evil b/evil\n')
  expect(textOf('d.txt')).toContain('+x\n+diff --git a/evil b/evil\n+diff --git a/d.txt b/d.txt\n')
  expect(textOf('goes.txt')).toContain('-diff --git a/goes.txt b/goes.txt\n')
  expect(textOf('kind.txt')).toMatch(/deleted file mode 100644.*new file mode 120000/s)
})

test('lines are counted of a file with tabs and line feeds in its name', async () => {
  const { cwd, take, diff } = openSnapshots({ '\told\t.txt': '1\n2\n3\n4\n5\n6\n7\n8\n' })
  const before = await take()
  writeFileSync(join(cwd, 'a\tb\tc.txt'), '1\n2\n3\n')
  writeFileSync(join(cwd, 'a'), '1\n')
  writeFileSync(join(cwd, 'n\n1\t1\tl.txt'), '1\n2\n')
  writeFileSync(join(cwd, '\tbegin.bin'), '\0')
  renameSync(join(cwd, '\told\t.txt'), join(cwd, '\tnew\t.txt'))
  writeFileSync(join(cwd, '\tnew\t.txt'), '1\n2\n3\n4\n5\n6\n7\n8\n9\n')
  const { entries } = await diff(before, await take())
  expect(entries).toMatchObject([
    { path: '\tbegin.bin', binary: true, insertions: null, deletions: null },
    { path: '\tnew\t.txt', oldPath: '\told\t.txt', status: 'renamed', insertions: 1, deletions: 0 },
    { path: 'a', insertions: 1, deletions: 0 },
    { path: 'a\tb\tc.txt', insertions: 3, deletions: 0 },
    { path: 'n\n1\t1\tl.txt', insertions: 2, deletions: 0 },
  ])
})
