import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { exceeds } from './workspace-watch.ts'

const kilobyte = 1024
const { signal } = new AbortController()

test('the size of directories counts what is below them, but not links, hidden directories, or what is gone', async () => {
  const top = mkdtempSync(join(tmpdir(), 'claude-code-api-size-'))
  onTestFinished(() => rmSync(top, { recursive: true, force: true }))
  for (const name of ['own/inner', 'own/data', 'other']) mkdirSync(join(top, name), { recursive: true })
  for (const name of ['own/inner/file', 'own/data/large', 'other/large']) {
    writeFileSync(join(top, name), Buffer.alloc(256 * kilobyte))
  }
  symlinkSync(join(top, 'other'), join(top, 'own/link'))
  const own = join(top, 'own')
  const measure = (bytes: number, ...hidden: string[]) =>
    exceeds([own, join(top, 'gone')], hidden, bytes, signal)
  expect(await measure(255 * kilobyte, join(own, 'data'))).toBe(true)
  expect(await measure(400 * kilobyte, join(own, 'data'))).toBe(false)
  expect(await measure(400 * kilobyte)).toBe(true)
  expect(await measure(700 * kilobyte)).toBe(false)
})
