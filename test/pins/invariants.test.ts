import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/turn-states.md'), 'utf8')
const rows = page.split('\n').flatMap(line => {
  const [, id, , , tests = ''] = line.split('|').map(cell => cell.trim())
  return id && /^[A-Z]\d+$/.test(id)
    ? [{ id, tests: [...tests.matchAll(/`([^`]+)`/g)].map(match => match[1] ?? '') }]
    : []
})

describe('the invariants of docs/turn-states.md', () => {
  test('there are some, each once', () => {
    expect(rows.length).toBeGreaterThan(10)
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
  })

  test.each(rows)('$id is kept by tests that exist', ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0)
    for (const file of tests) expect(existsSync(join(root, file)), file).toBe(true)
  })

  test('those of the log are checked by the random walks, by their ids', () => {
    const walks = readFileSync(join(root, 'test/sessions/random-walks.test.ts'), 'utf8')
    for (const id of ['T1', 'T2', 'T3', 'T4', 'T5', 'E1']) expect(walks).toContain(`${id}:`)
  })
})
