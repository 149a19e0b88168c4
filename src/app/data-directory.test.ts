import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { secureDataDirectory } from './data-directory.ts'

let home: string
const warnings: object[] = []
const log = { warn: (fields: object) => warnings.push(fields) }
const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8)

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'data-directory-'))
  warnings.length = 0
})
afterEach(() => rmSync(home, { recursive: true }))

test('a new one is for its owner alone', async () => {
  await secureDataDirectory(join(home, 'a/b'), log)
  expect(modeOf(join(home, 'a/b'))).toBe('700')
})

test.each([0o755, 0o777, 0o750, 0o701])('an existing one of mode %o becomes so', async mode => {
  const path = join(home, 'data')
  mkdirSync(path)
  chmodSync(path, mode)
  await secureDataDirectory(path, log)
  expect([modeOf(path), warnings]).toEqual(['700', []])
})

test('one that all users share is left to them, and said', async () => {
  const path = join(home, 'shared')
  mkdirSync(path)
  chmodSync(path, 0o1777)
  await secureDataDirectory(path, log)
  expect([modeOf(path), warnings]).toEqual(['1777', [{ dataDir: path, error: expect.any(String) }]])
})

test('one that cannot be made is left to the store to report', async () => {
  await secureDataDirectory('/dev/null/data', log)
  expect(warnings).toEqual([])
})
