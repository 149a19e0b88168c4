import { globSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import {
  codeOf,
  findCircle,
  findHardComments,
  importsOf,
  neighboursOf,
  textOf,
} from './support/source-files.ts'

const root = join(import.meta.dirname, '..')
const files = globSync('console/src/**/*.{ts,tsx}', { cwd: root }).map(normalize).sort()

/** The rooms of the console, each with those that it may import from. `src/client` is open to all. */
const mayImport: Record<string, readonly string[]> = {
  lib: [],
  ui: ['lib'],
  api: ['lib', 'ui'],
  code: ['lib', 'ui'],
  markdown: ['code', 'lib', 'ui'],
  diff: ['code', 'lib', 'ui'],
  tools: ['code', 'diff', 'lib', 'markdown', 'ui'],
  parts: ['api', 'code', 'diff', 'lib', 'markdown', 'tools', 'ui'],
  shell: ['api', 'lib', 'parts', 'ui'],
  screens: ['api', 'code', 'diff', 'lib', 'markdown', 'parts', 'shell', 'tools', 'ui'],
}

/** A file of `src` itself, such as `app.tsx`, assembles the rooms and may import from all. */
const roomOf = (file: string) => /^console\/src\/([^/]+)\//.exec(file)?.[1]
const screenOf = (file: string) => /^console\/src\/screens\/([^/]+)\//.exec(file)?.[1]

test('there are rooms to look at', () => {
  expect(new Set(files.map(roomOf))).toEqual(new Set([undefined, ...Object.keys(mayImport)]))
})

test.each(files)('%s imports only what its room may', file => {
  const room = roomOf(file)
  for (const path of neighboursOf(file)) {
    if (path.startsWith('src/client/')) {
      expect(path, `${file} uses the client as its callers do`).toBe('src/client/index.ts')
      continue
    }
    expect(path, `${file} imports what is not of the console`).toMatch(/^console\/src\//)
    const target = roomOf(path)
    if (room === undefined || target === room) continue
    expect(mayImport[room], `${file} must not import ${path}`).toContain(target)
  }
})

test.each(files.filter(screenOf))('%s imports from no other screen', file => {
  const others = neighboursOf(file).filter(path => screenOf(path) && screenOf(path) !== screenOf(file))
  expect(others).toEqual([])
})

test('no file leads back to itself', () => {
  expect(findCircle(new Map(files.map(file => [file, neighboursOf(file)])))).toEqual([])
})

test.each(files)('%s makes no markup of text, and uses nothing of Node', file => {
  const code = codeOf(file)
  expect(code).not.toMatch(/dangerouslySetInnerHTML|\.(inner|outer)HTML\b|insertAdjacentHTML|document\.write/)
  if (file.endsWith('.test.ts') || file.endsWith('.test.tsx')) return
  expect(importsOf(file).filter(name => name.startsWith('node:'))).toEqual([])
})

test.each(files)('%s has comments in plain words', file => {
  expect(findHardComments(textOf(file))).toEqual([])
})

test('every file is at most 350 lines long, and named in kebab-case', () => {
  expect(files.filter(file => textOf(file).split('\n').length > 351)).toEqual([])
  for (const file of files) expect(file).toMatch(/^console\/src\/([a-z0-9-]+\/)*[a-z0-9-]+(\.test)?\.tsx?$/)
})
