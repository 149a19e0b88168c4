import { globSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  codeOf,
  findCircle,
  findHardComments,
  importsOf,
  neighboursOf,
  textOf,
} from './support/source-files.ts'

const root = join(import.meta.dirname, '..')
const files = globSync('src/**/*.ts', { cwd: root }).map(normalize).sort()

/** Which layers a layer may import from; a file pattern narrows it. Types-only imports count as imports. */
const mayImport: Record<string, readonly (string | RegExp)[]> = {
  lib: [],
  contract: ['lib'],
  config: ['contract', 'lib'],
  sessions: ['contract', 'lib'],
  demo: ['contract', 'lib'],
  access: ['contract', 'lib', /^src\/sessions\/(ports\/(?!session-service)[a-z-]+|(webhook-)?records)\.ts$/],
  claude: ['contract', 'lib', /^src\/sessions\/(ports\/(?!session-service)[a-z-]+|(webhook-)?records)\.ts$/],
  store: ['contract', 'lib', /^src\/sessions\/(ports\/(?!session-service)[a-z-]+|(webhook-)?records)\.ts$/],
  workspace: [
    'contract',
    'lib',
    /^src\/sessions\/(ports\/(?!session-service)[a-z-]+|(webhook-)?records)\.ts$/,
  ],
  forwarder: [
    'contract',
    'lib',
    /^src\/sessions\/(ports\/(?!session-service)[a-z-]+|(webhook-)?records)\.ts$/,
  ],
  cluster: ['contract', 'lib', /^src\/sessions\/(ports\/(?!session-service)[a-z-]+|records)\.ts$/],
  http: ['access', 'contract', 'lib', 'sessions'],
  doors: ['client', 'contract', 'lib'],
  app: [
    'access',
    'cluster',
    'config',
    'doors',
    'http',
    'claude',
    'forwarder',
    'store',
    'workspace',
    'sessions',
    'contract',
    'demo',
    'lib',
  ],
  cli: ['access', 'app', 'client', 'config', 'contract', 'doors', 'lib'],
  client: [],
  'agent-sdk': ['client', 'lib'],
}

/** Written by a script, in its own form. */
const generated = 'src/client/generated-api.ts'

/** Each door to the outside has its owners. */
const doors: { door: RegExp; owners: readonly string[]; except?: RegExp }[] = [
  { door: /^express$/, owners: ['http', 'app'] },
  { door: /^express-rate-limit$/, owners: ['http'] },
  { door: /^ws$/, owners: ['http'] },
  { door: /^pino-pretty$/, owners: ['app'] },
  { door: /^prom-client$/, owners: ['app'] },
  { door: /^node:sqlite$/, owners: ['store'] },
  { door: /^kysely$/, owners: ['store'] },
  { door: /^pg$/, owners: ['store'] },
  { door: /^node:dns(\/|$)/, owners: ['forwarder'] },
  { door: /^node:tls$/, owners: ['forwarder', 'app'] },
  { door: /^node:child_process$/, owners: ['claude', 'cluster', 'workspace'] },
  { door: /^diff$/, owners: ['workspace'] },
  // `agent-sdk` for types only; see below.
  { door: /^@anthropic-ai\//, owners: ['claude', 'agent-sdk'] },
  { door: /^tar$/, owners: ['workspace'] },
  { door: /^commander$/, owners: ['cli'] },
  // `lib` for JSON Schemas: the contract checks those of callers, `claude` what the model made of them.
  { door: /^ajv(\/|$)/, owners: ['http', 'lib'] },
  { door: /^ajv-formats(\/|$)/, owners: ['http'] },
  // `lib` for the front matter of instructions, `config` for its file.
  { door: /^yaml(\/|$)/, owners: ['http', 'lib', 'config'] },
  { door: /^(mdast|micromark)(-|$)/, owners: ['http'] },
  { door: /^eventsource-parser$/, owners: ['client'] },
  { door: /^jose$/, owners: ['access'] },
  { door: /^@agentclientprotocol\//, owners: ['doors'] },
  { door: /^@modelcontextprotocol\//, owners: ['doors', 'forwarder'] },
]

/** Words that only their owner may say. */
const words: { word: RegExp; owners: readonly string[]; what: string }[] = [
  // `agent-sdk` runs in programs of users, whose only change is an import: the address of the server comes from there.
  { word: /\bprocess\.env\b/, owners: ['config', 'agent-sdk'], what: 'process.env' },
  { word: /\bprocess\.exit\b|\bprocess\.on\(\s*'SIG/, owners: ['cli'], what: 'process.exit and signals' },
  { word: /\bprocess\.kill\b/, owners: ['claude', 'workspace'], what: 'process.kill' },
  { word: /\bconsole\.(?!log(in|out)')\w/, owners: ['cli'], what: 'console' },
  { word: /\bres\.write\(/, owners: ['http'], what: 'res.write' },
]

/**
 * Words of Claude Code's messages and names of its tools. `contract` documents them, since callers meet them in
 * messages, rules and permission requests; `demo` plays the model's API; `client` reads messages for its callers.
 */
const claudeWords: { word: RegExp; what: string }[] = [
  {
    word: /\b(compact_boundary|compact_metadata|parent_tool_use_id|turn_lost)\b/,
    what: 'a field of messages',
  },
  { word: /\b(\w+_)?tool_(use|result)\b/, what: 'a type of content blocks' },
  {
    word: /\b(stream_event|content_block_\w+|message_start|message_stop|is_error)\b/,
    what: 'a field of frames',
  },
  { word: /\.subtype\b|'<synthetic>'/, what: 'a field of messages' },
  { word: /\bmcp__/, what: 'the names of tools of MCP servers' },
  {
    word: /'(Bash|PowerShell|Monitor|Read|Write|Edit|MultiEdit|NotebookEdit|WebFetch|WebSearch|Glob|Grep|Agent|Skill|AskUserQuestion|ExitPlanMode|EnterPlanMode|StructuredOutput)'/,
    what: 'the name of a tool',
  },
]
const claudeWordOwners: readonly string[] = ['agent-sdk', 'claude', 'client', 'contract', 'demo', 'doors']
/** Makes the messages that the server adds to a conversation's log: they have the form of Claude Code's. */
const serverMessages = 'src/sessions/log/server-messages.ts'

/** Writes programs as text, which print what they get. */
const codeSamples = 'src/contract/samples/code-samples.ts'

/** The words of Claude Code that code outside of its owners says. */
function findClaudeWords(code: string): string[] {
  return claudeWords.flatMap(({ word, what }) => {
    const [found] = word.exec(code) ?? []
    return found === undefined ? [] : `${found}, ${what}`
  })
}

const layerOf = (file: string) => file.split('/')[1] ?? ''
/** The folder of a door. */
const doorOf = (file: string) => file.split('/')[2] ?? ''
const withoutTests = files.filter(file => !file.endsWith('.test.ts'))

describe('the layers', () => {
  test('there are files to look at', () => {
    expect(withoutTests.length).toBeGreaterThan(40)
  })

  test.each(withoutTests)('%s imports only what its layer may', file => {
    const layer = layerOf(file)
    for (const path of neighboursOf(file)) {
      const targetLayer = layerOf(path)
      if (targetLayer === 'doors' && layer === 'doors') {
        expect(doorOf(path), `${file} must not import ${path}, which is of another door`).toBe(doorOf(file))
      }
      if (file === 'src/index.ts' || targetLayer === layer) continue
      const allowed = (mayImport[layer] ?? []).some(rule =>
        typeof rule === 'string' ? rule === targetLayer : rule.test(path),
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

  test.each(withoutTests)('%s opens only the doors of its layer', file => {
    for (const name of importsOf(file)) {
      const rule = doors.find(({ door }) => door.test(name))
      if (rule) expect(rule.owners, `${file} imports ${name}`).toContain(layerOf(file))
    }
  })

  test('Node 20 can link everything, so that the check of the version says what is wrong', () => {
    const unknown = /^import (?!type)[^'\n]*\{[^}]*\b(?:getCACertificates|DatabaseSync)\b[^}]*\} from 'node:/m
    expect(withoutTests.filter(file => unknown.test(textOf(file)))).toEqual([])
    expect(importsOf('src/index.ts')[0]).toBe('./app/require-node.ts')
    expect(unknown.test("import { getCACertificates } from 'node:tls'")).toBe(true)
  })

  test('the client runs everywhere: it imports one library, and nothing of Node', () => {
    const imported = withoutTests.filter(file => layerOf(file) === 'client').flatMap(importsOf)
    expect(imported.filter(name => !name.startsWith('.'))).toEqual(['eventsource-parser'])
    const nodeWords = /\b(process|Buffer|__dirname|setImmediate)\b/
    for (const file of withoutTests.filter(name => layerOf(name) === 'client' && name !== generated)) {
      expect(codeOf(file), file).not.toMatch(nodeWords)
    }
  })

  test('other layers load the client by its index: the package has it as one file', () => {
    const loading = /^(?:import|export) (?!type\b)[^'\n]*'(?:\.\.\/)+client\/(?!index\.ts')/m
    const asWhole = (file: string) => codeOf(file).replace(/\{[^}]*\}/g, '{}')
    const others = withoutTests.filter(file => layerOf(file) !== 'client')
    expect(others.filter(file => loading.test(asWhole(file)))).toEqual([])
    expect(loading.test("import {} from '../../client/open-requests.ts'")).toBe(true)
  })

  test('the drop-in query takes types from the Agent SDK, reads the environment in one place, and needs only zod', () => {
    const own = withoutTests.filter(file => layerOf(file) === 'agent-sdk')
    const imported = own.flatMap(importsOf).filter(name => !name.startsWith('.'))
    expect([...new Set(imported)].sort()).toEqual(['@anthropic-ai/claude-agent-sdk', 'zod'])
    // Types are erased: programs load neither the SDK nor Claude Code.
    const loading = /^(?:import|export) (?!type\b)[^'\n]*'@anthropic-ai/m
    const asWhole = (file: string) => codeOf(file).replace(/\{[^}]*\}/g, '{}')
    expect(own.filter(file => loading.test(asWhole(file)))).toEqual([])
    expect(loading.test("import {} from '@anthropic-ai/claude-agent-sdk'")).toBe(true)
    expect(own.filter(file => /\bprocess\./.test(codeOf(file)))).toEqual(['src/agent-sdk/environment.ts'])
  })

  test.each(withoutTests)('%s says only the words of its layer', file => {
    const code = codeOf(file)
    for (const { word, owners, what } of words) {
      if (file === codeSamples && what === 'console') continue
      if (word.test(code)) expect(owners, `${file} uses ${what}`).toContain(layerOf(file))
    }
  })

  test.each(
    withoutTests.filter(file => !claudeWordOwners.includes(layerOf(file)) && file !== serverMessages),
  )('%s does not know how messages and tools of Claude Code are named', file => {
    expect(findClaudeWords(codeOf(file))).toEqual([])
  })

  test.each([
    ["if (message.subtype === 'compact_boundary') return", 2],
    ["const ofSubagent = typeof message['parent_tool_use_id'] === 'string'", 1],
    ["content.some(block => block?.type === 'tool_result')", 1],
    ["const shellTools = new Set(['Bash', 'Other'])", 1],
    ["name.startsWith('mcp__')", 1],
    ["message.model !== '<synthetic>'", 1],
    ["const { toolUseId, kind } = message; if (kind === 'compaction') return row.tool_use_id", 0],
  ])('a word of Claude Code is found in %s', (code, count) => {
    expect(findClaudeWords(code)).toHaveLength(count)
  })

  test.each(withoutTests.filter(file => file !== generated))('%s has comments in plain words', file => {
    expect(findHardComments(textOf(file))).toEqual([])
  })

  test.each([
    ['/** What the caller said. */', 1],
    ['/**\n * Ends the process.\n * Nobody waits\n * for it.\n */', 1],
    ['const a = 1 // the turn goes on', 1],
    ['// It is no error.', 1],
    ['// There is no error, and the field is no longer set.', 0],
    ["const text = 'What nobody says'", 0],
    ['/** Returns the text that the caller sent. */', 0],
  ])('a comment that is hard to read is found in %j', (text, count) => {
    expect(findHardComments(text)).toHaveLength(count)
  })

  test('only one file of http writes to a response by hand', () => {
    const writers = withoutTests.filter(file => /\.write\(/.test(codeOf(file)) && layerOf(file) === 'http')
    expect(writers).toEqual(['src/http/sse-stream.ts'])
  })

  test('tools know no word of the domain', () => {
    for (const file of withoutTests.filter(name => layerOf(name) === 'lib')) {
      expect(codeOf(file), file).not.toMatch(/\b(session|turn(s|Id)|claude|prompt|permission)\b/i)
    }
  })

  test('every file is at most 350 lines long', () => {
    const written = files.filter(file => file !== generated)
    const long = written.filter(file => textOf(file).split('\n').length > 351)
    expect(long).toEqual([])
  })

  test('files are named in kebab-case, and not for nothing in particular', () => {
    for (const file of files) {
      expect(file).toMatch(/^src\/([a-z0-9-]+\/)*[a-z0-9-]+(\.test)?\.ts$/)
      expect(file).not.toMatch(/\/(utils?|helpers?|common|types|services?)\.ts$/)
    }
  })
})
