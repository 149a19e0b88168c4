import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const files = globSync('src/**/*.ts', { cwd: root }).map(normalize).sort()

/** Which rooms a room may import from; a file pattern narrows it. Types-only imports count as imports. */
const mayImport: Record<string, readonly (string | RegExp)[]> = {
  lib: [],
  contract: ['lib'],
  config: ['contract', 'lib'],
  sessions: ['contract', 'lib'],
  demo: ['contract', 'lib'],
  claude: ['contract', 'lib', /^src\/sessions\/(ports\/(?!session-service)[a-z-]+|records)\.ts$/],
  store: ['contract', 'lib', /^src\/sessions\/(ports\/(?!session-service)[a-z-]+|records)\.ts$/],
  workspace: ['contract', 'lib', /^src\/sessions\/(ports\/(?!session-service)[a-z-]+|records)\.ts$/],
  forwarder: ['contract', 'lib', /^src\/sessions\/(ports\/(?!session-service)[a-z-]+|records)\.ts$/],
  http: ['contract', 'lib', 'sessions'],
  app: ['config', 'http', 'claude', 'forwarder', 'store', 'workspace', 'sessions', 'contract', 'demo', 'lib'],
  cli: ['app', 'config', 'contract', 'lib'],
}

/** Each door to the outside has its owners. */
const doors: { door: RegExp; owners: readonly string[]; except?: RegExp }[] = [
  { door: /^express$/, owners: ['http', 'app'] },
  { door: /^express-rate-limit$/, owners: ['http'] },
  { door: /^node:sqlite$/, owners: ['store'] },
  { door: /^kysely$/, owners: ['store'] },
  { door: /^pg$/, owners: ['store'] },
  { door: /^node:dns(\/|$)/, owners: ['forwarder'] },
  { door: /^node:tls$/, owners: ['forwarder', 'app'] },
  { door: /^node:child_process$/, owners: ['claude', 'workspace'] },
  { door: /^diff$/, owners: ['workspace'] },
  { door: /^@anthropic-ai\//, owners: ['claude'] },
  { door: /^tar$/, owners: ['workspace'] },
  { door: /^commander$/, owners: ['cli'] },
  // `lib` for JSON Schemas: the contract checks those of callers, `claude` what the model made of them.
  { door: /^ajv(\/|$)/, owners: ['http', 'lib'] },
  { door: /^ajv-formats(\/|$)/, owners: ['http'] },
  // `lib` for the front matter of instructions.
  { door: /^yaml(\/|$)/, owners: ['http', 'lib'] },
  { door: /^commonmark$/, owners: ['http'] },
]

/** Words that only their owner may say. */
const words: { word: RegExp; owners: readonly string[]; what: string }[] = [
  { word: /\bprocess\.env\b/, owners: ['config'], what: 'process.env' },
  { word: /\bprocess\.exit\b|\bprocess\.on\(\s*'SIG/, owners: ['cli'], what: 'process.exit and signals' },
  { word: /\bprocess\.kill\b/, owners: ['claude', 'workspace'], what: 'process.kill' },
  { word: /\bconsole\./, owners: ['cli'], what: 'console' },
  { word: /\bres\.write\(/, owners: ['http'], what: 'res.write' },
]

const roomOf = (file: string) => file.split('/')[1] ?? ''
const withoutTests = files.filter(file => !file.endsWith('.test.ts'))

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(match => match[1] ?? '')
}

/** The files of ours that a file imports. */
function neighboursOf(file: string): string[] {
  return importsOf(file)
    .filter(name => name.startsWith('.'))
    .map(name => relative(root, join(root, dirname(file), name)))
}

/** The first circle of imports as a way that ends where it begins; empty: there is none. */
function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const visit = (node: string, way: readonly string[]): string[] => {
    if (way.includes(node)) return [...way.slice(way.indexOf(node)), node]
    if (done.has(node)) return []
    for (const next of graph.get(node) ?? []) {
      const circle = visit(next, [...way, node])
      if (circle.length > 0) return circle
    }
    done.add(node)
    return []
  }
  for (const node of graph.keys()) {
    const circle = visit(node, [])
    if (circle.length > 0) return circle
  }
  return []
}

function codeOf(file: string): string {
  return readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}

describe('the rooms', () => {
  test('there are files to look at', () => {
    expect(withoutTests.length).toBeGreaterThan(40)
  })

  test.each(withoutTests)('%s imports only what its room may', file => {
    const room = roomOf(file)
    for (const path of neighboursOf(file)) {
      const targetRoom = roomOf(path)
      if (file === 'src/index.ts' || targetRoom === room) continue
      const allowed = (mayImport[room] ?? []).some(rule =>
        typeof rule === 'string' ? rule === targetRoom : rule.test(path),
      )
      expect(allowed, `${file} must not import ${path}`).toBe(true)
    }
  })

  test('no file leads back to itself', () => {
    expect(findCircle(new Map(withoutTests.map(file => [file, neighboursOf(file)])))).toEqual([])
    // The search finds one where there is one.
    const circle = { a: ['b', 'x'], b: ['c'], c: ['b'], x: [] }
    expect(findCircle(new Map(Object.entries(circle)))).toEqual(['b', 'c', 'b'])
  })

  test.each(withoutTests)('%s opens only the doors of its room', file => {
    for (const name of importsOf(file)) {
      const rule = doors.find(({ door }) => door.test(name))
      if (rule) expect(rule.owners, `${file} imports ${name}`).toContain(roomOf(file))
    }
  })

  test.each(withoutTests)('%s says only the words of its room', file => {
    const code = codeOf(file)
    for (const { word, owners, what } of words) {
      if (word.test(code)) expect(owners, `${file} uses ${what}`).toContain(roomOf(file))
    }
  })

  test('only one file of http writes to a response by hand', () => {
    const writers = withoutTests.filter(file => /\.write\(/.test(codeOf(file)) && roomOf(file) === 'http')
    expect(writers).toEqual(['src/http/sse-stream.ts'])
  })

  test('tools know no word of the domain', () => {
    for (const file of withoutTests.filter(name => roomOf(name) === 'lib')) {
      expect(codeOf(file), file).not.toMatch(/\b(session|turn(s|Id)|claude|prompt|permission)\b/i)
    }
  })

  test('every file is at most 350 lines long', () => {
    const long = files.filter(file => readFileSync(join(root, file), 'utf8').split('\n').length > 351)
    expect(long).toEqual([])
  })

  test('files are named in kebab-case, and not for nothing in particular', () => {
    for (const file of files) {
      expect(file).toMatch(/^src\/([a-z0-9-]+\/)*[a-z0-9-]+(\.test)?\.ts$/)
      expect(file).not.toMatch(/\/(utils?|helpers?|common|types|services?)\.ts$/)
    }
  })
})
