import { describe, expect, test } from 'vitest'
import { compareTexts, type DiffLine, findEmphasis, readPatch, toSplitRows } from './patch.ts'

const patch = `diff --git a/a.ts b/a.ts
index 1111111..2222222 100644
--- a/a.ts
+++ b/a.ts
@@ -1,4 +1,4 @@ function f() {
 one
--- two
+++ two
 three
-four
\\ No newline at end of file
+four
`

const brief = (lines: readonly DiffLine[]) =>
  lines.map(({ kind, old: before, new: after, text }) => [kind, before, after, text])

describe('a patch', () => {
  test('is read with the numbers of its lines, even where they look like headers', () => {
    const found = readPatch(patch)
    expect(found).toMatchObject({ insertions: 2, deletions: 2, isBinary: false })
    const [hunk] = found?.hunks ?? []
    expect(brief(hunk?.lines ?? [])).toEqual([
      ['same', 1, 1, 'one'],
      ['removed', 2, null, '-- two'],
      ['added', null, 2, '++ two'],
      ['same', 3, 3, 'three'],
      ['removed', 4, null, 'four'],
      ['added', null, 4, 'four'],
    ])
    expect(hunk?.lines[4]?.isUnended).toBe(true)
    expect(hunk?.lines[5]?.isUnended).toBeUndefined()
  })

  test('of modes, of bytes, and of a renamed file has no lines', () => {
    const mode = 'diff --git a/run b/run\nold mode 100644\nnew mode 100755\n'
    expect(readPatch(mode)).toMatchObject({ hunks: [], oldMode: '100644', newMode: '100755' })
    const binary = 'diff --git a/x.png b/x.png\nindex 1..2 100644\nBinary files a/x.png and b/x.png differ\n'
    expect(readPatch(binary)).toMatchObject({ hunks: [], isBinary: true })
    const renamed = 'diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n'
    expect(readPatch(renamed)).toMatchObject({ hunks: [], isBinary: false })
  })

  test('of a file with a hostile name is read', () => {
    const name = '"a/\\nx\\342\\200\\256<script>"'
    const text = `diff --git ${name} ${name.replace('a/', 'b/')}\n--- ${name}\n+++ ${name.replace('a/', 'b/')}\n@@ -1 +1 @@\n-a\n+b\n`
    expect(readPatch(text)).toMatchObject({ insertions: 1, deletions: 1 })
  })

  test('that was cut off is not read', () => {
    expect(readPatch(patch.slice(0, patch.indexOf(' three')))).toBeNull()
  })
})

describe('two texts', () => {
  test('are compared without a word on a missing line break', () => {
    const { hunks } = compareTexts('a\nb', 'a\nc')
    expect(brief(hunks.flatMap(({ lines }) => lines))).toEqual([
      ['same', 1, 1, 'a'],
      ['removed', 2, null, 'b'],
      ['added', null, 2, 'c'],
    ])
    expect(hunks.flatMap(({ lines }) => lines).some(line => line.isUnended)).toBe(false)
  })

  test('of which one is empty have lines of one kind', () => {
    expect(compareTexts('', 'a\nb\n')).toMatchObject({ insertions: 2, deletions: 0 })
    expect(compareTexts('a\nb\n', '')).toMatchObject({ insertions: 0, deletions: 2 })
    expect(compareTexts('a', 'a').hunks).toEqual([])
  })

  test('that share nothing are shown as all out and all in', () => {
    const text = (word: string) => Array.from({ length: 20_000 }, (_, index) => `${word} ${index}`).join('\n')
    expect(compareTexts(text('left'), text('right'))).toMatchObject({ insertions: 20_000, deletions: 20_000 })
  })
})

describe('the split view', () => {
  test('puts removed lines beside the added lines that follow', () => {
    const { hunks } = compareTexts('a\nb\nc\nd', 'a\nB\nd\ne')
    const rows = toSplitRows(hunks.flatMap(({ lines }) => lines))
    expect(rows.map(({ left, right }) => [left?.text ?? null, right?.text ?? null])).toEqual([
      ['a', 'a'],
      ['b', 'B'],
      ['c', null],
      ['d', 'd'],
      [null, 'e'],
    ])
  })
})

test('the changed part of a line is between what both versions share', () => {
  const { hunks } = compareTexts('const size = 10\nalpha', 'const size = 200\nzzzzz')
  const lines = hunks.flatMap(({ lines }) => lines)
  const parts = [...findEmphasis(lines)].map(([line, [start, end]]) => line.text.slice(start, end))
  expect(parts).toEqual(['1', '20'])
})
