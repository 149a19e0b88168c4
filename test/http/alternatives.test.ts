import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import { sessionId, turnId } from './fake-records.ts'
import { type ErrorBody, type OpenDoor, openDoor, readError } from './open-door.ts'

const of = `/sessions/${sessionId}`
const session = (body: object) => ({ path: '/sessions', body })
const workspace = (value: unknown) => session({ workspace: value })
const server = (value: unknown) => session({ mcpServers: { files: value } })
const prompt = (...blocks: unknown[]) => ({ path: `${of}/messages`, body: { prompt: blocks } })
const image = (source: unknown) => prompt({ type: 'text', text: 'x' }, { type: 'image', source })
const document = (source: unknown) => prompt({ type: 'document', source })
const permission = (body: object) => ({
  path: `${of}/permissions/${turnId}`,
  body: { decision: 'allow', ...body },
})

/** Requests with one wrong field, that field, and what has to be said of it. */
const cases: [{ path: string; body: object; method?: string }, field: string, says?: RegExp][] = [
  [workspace({ type: 'git', url: '/x', ref: 'bad ref' }), 'workspace.ref'],
  [workspace({ type: 'git', url: '/x', ref: '-bad..lock' }), 'workspace.ref'],
  [workspace({ type: 'git', url: '/x', depth: 0 }), 'workspace.depth'],
  [workspace({ type: 'git' }), 'workspace.url'],
  [workspace({ type: 'git', url: '/x', branch: 'x' }), 'workspace.branch'],
  [workspace({ type: 'directory' }), 'workspace.path'],
  [workspace({ type: 'directory', path: 7 }), 'workspace.path', /string/],
  [workspace({ type: 'empty', removeOnEnd: 'yes' }), 'workspace.removeOnEnd', /boolean/],
  [workspace({ type: 'empty', path: '/x' }), 'workspace.path'],
  [workspace({ type: 'worktree', repository: '' }), 'workspace.repository'],
  [workspace({ type: 'worktree', repository: '/x', base: 'a b' }), 'workspace.base'],
  [workspace({ type: 'worktree', repository: '/x', branch: 'HEAD' }), 'workspace.branch'],
  [workspace({ type: 'clone' }), 'workspace.type', /directory.*empty.*git.*worktree/],
  [workspace({ type: 7, url: '/x' }), 'workspace.type', /directory.*empty.*git.*worktree/],
  [workspace({ path: '/x' }), 'workspace.type', /directory.*empty.*git.*worktree/],
  [workspace('/x'), 'workspace', /object/],
  [workspace(null), 'workspace', /object/],
  [prompt({ type: 'text', text: '' }), 'prompt[0].text'],
  [prompt({ type: 'text', text: 'x', size: 1 }), 'prompt[0].size'],
  [prompt({ type: 'video', text: 'x' }), 'prompt[0].type', /text.*image.*document/],
  [prompt({}), 'prompt[0].type', /text.*image.*document/],
  [prompt('x'), 'prompt[0]', /object/],
  [prompt(), 'prompt'],
  [image({ type: 'base64', media_type: 'image/bmp', data: 'AAAA' }), 'prompt[1].source.media_type', /png/],
  [image({ type: 'base64', media_type: 7, data: 'AAAA' }), 'prompt[1].source.media_type', /png/],
  [image({ type: 'base64', media_type: 'image/png' }), 'prompt[1].source.data'],
  [image({ type: 'attachment', attachmentId: 'x' }), 'prompt[1].source.attachmentId'],
  [image({ type: 'url', url: 'x' }), 'prompt[1].source.type', /base64.*attachment/],
  [image(undefined), 'prompt[1].source'],
  [document({ type: 'text', media_type: 'text/html', data: 'x' }), 'prompt[0].source.media_type', /plain/],
  [document({ type: 'base64', media_type: 'application/pdf', data: '' }), 'prompt[0].source.data'],
  [document({ type: 'file' }), 'prompt[0].source.type', /base64.*text.*attachment/],
  [{ path: `${of}/messages`, body: { prompt: 7 } }, 'prompt', /string or array/],
  [{ path: `${of}/messages`, body: { prompt: {} } }, 'prompt', /string or array/],
  [session({ systemPrompt: 7 }), 'systemPrompt', /string or object/],
  [session({ systemPrompt: 'x'.repeat(200_001) }), 'systemPrompt'],
  [session({ systemPrompt: { type: 'preset', preset: 'claude_code', append: 7 } }), 'systemPrompt.append'],
  [session({ systemPrompt: { type: 'x', preset: 'claude_code' } }), 'systemPrompt.type', /"preset"/],
  [session({ systemPrompt: { type: 'preset' } }), 'systemPrompt.preset'],
  [session({ skills: 'none' }), 'skills', /"all" or array/],
  [session({ skills: 7 }), 'skills', /"all" or array/],
  [session({ skills: ['a b'] }), 'skills[0]'],
  [server({ type: 'http', url: 7 }), 'mcpServers.files.url', /string/],
  [server({ type: 'sse' }), 'mcpServers.files.url'],
  [server({ type: 'stdio', command: 'x', url: 'http://x' }), 'mcpServers.files.url'],
  [server({ type: 'stdio', command: 'x', args: ['y', 7] }), 'mcpServers.files.args[1]', /string/],
  [server({ type: 'ws' }), 'mcpServers.files.type', /http.*sse.*stdio/],
  [server({ command: 'x' }), 'mcpServers.files.type', /http.*sse.*stdio/],
  [session({ thinking: { type: 'enabled' } }), 'thinking.budgetTokens'],
  [session({ thinking: { type: 'enabled', budgetTokens: 1 } }), 'thinking.budgetTokens', /1024/],
  [session({ thinking: { type: 'disabled', budgetTokens: 2000 } }), 'thinking.budgetTokens'],
  [session({ thinking: { type: 'much' } }), 'thinking.type', /adaptive.*enabled.*disabled/],
  [session({ thinking: 'adaptive' }), 'thinking', /object/],
  [
    session({ outputFormat: { type: 'text', schema: { type: 'object' } } }),
    'outputFormat.type',
    /json_schema/,
  ],
  [session({ effort: 7 }), 'effort', /low.*max/],
  [permission({ answers: { Which: [''] } }), 'answers.Which[0]'],
  [permission({ answers: { Which: '' } }), 'answers.Which'],
  [permission({ answers: { Which: [] } }), 'answers.Which'],
  [permission({ answers: { Which: 7 } }), 'answers.Which', /string or array/],
  [permission({ content: { size: {} } }), 'content.size', /string or number or boolean or array/],
  [permission({ content: { size: ['a', 7] } }), 'content.size[1]', /string/],
  [permission({ decision: 'perhaps' }), 'decision', /allow.*deny/],
  [{ path: of, method: 'PATCH', body: { effort: 'huge' } }, 'effort', /low.*max/],
  [{ path: of, method: 'PATCH', body: { title: 7 } }, 'title', /string/],
  [{ path: of, method: 'PATCH', body: { mcpServers: { a: { type: 'sse' } } } }, 'mcpServers.a.url'],
  [{ path: of, method: 'PATCH', body: { maxBudgetUsd: 'x' } }, 'maxBudgetUsd', /number/],
]

interface Issue {
  path: string
  message: string
}

function issuesOf({ details }: ErrorBody['error']): Issue[] {
  return (details?.issues ?? []) as Issue[]
}

describe.each([false, true])('with openApiValidation %s', enabled => {
  let door: OpenDoor
  beforeAll(async () => {
    door = await openDoor({ config: { openApiValidation: { enabled } } })
  })
  afterAll(() => door[Symbol.asyncDispose]())

  it.each(cases)('%j: one issue, %s', async ({ path, body, method = 'POST' }, field, says = /./) => {
    const response = await door.post(path, body, { method })
    const { error } = await readError(response)
    const issues = issuesOf(error)
    expect([response.status, issues.map(issue => issue.path)]).toEqual([400, [field]])
    expect(issues[0]?.message).toMatch(says)
    expect(issues[0]?.message).not.toBe('Invalid input')
    expect(error.message).toBe(`${field}: ${issues[0]?.message}`)
  })

  it('all that is wrong with the alternative is told', async () => {
    const { path, body } = workspace({ type: 'git', ref: 'a b', depth: 0, more: 1 })
    const { error } = await readError(await door.post(path, { ...body, maxTurns: 0 }))
    const paths = issuesOf(error).map(issue => issue.path)
    expect(paths.toSorted()).toEqual([
      'maxTurns',
      'workspace.depth',
      'workspace.more',
      'workspace.ref',
      'workspace.url',
    ])
  })
})

describe('with a document of somebody else', () => {
  const alternatives = (kind: string) => ({
    type: 'object',
    required: ['kind'],
    properties: { kind: { const: kind }, [kind]: { type: 'integer' } },
    additionalProperties: false,
  })

  async function issuesWith(metadata: object, schemas: object, sent: object): Promise<string[]> {
    const schema = { type: 'object', properties: { metadata } }
    const post = { requestBody: { content: { 'application/json': { schema } } } }
    const described = { openapi: '3.1.0', paths: { '/sessions': { post } }, components: { schemas } }
    const directory = await mkdtemp(join(tmpdir(), 'spec-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const specPath = join(directory, 'spec.yaml')
    await writeFile(specPath, stringify(described))
    await using door = await openDoor({ config: { openApiValidation: { enabled: true, specPath } } })
    const { error } = await readError(await door.post('/sessions', { metadata: sent }))
    return issuesOf(error).map(({ path, message }) => `${path} ${message}`)
  }

  it('its discriminators hold, with a mapping too', async () => {
    const schemas = { a: alternatives('a'), B: alternatives('b') }
    const metadata = {
      oneOf: [{ $ref: '#/components/schemas/a' }, { $ref: '#/components/schemas/B' }],
      discriminator: { propertyName: 'kind', mapping: { b: '#/components/schemas/B' } },
    }
    expect(await issuesWith(metadata, schemas, { kind: 'b', b: 'x' })).toEqual(['metadata.b must be integer'])
    expect(await issuesWith(metadata, schemas, { kind: 'c' })).toEqual(['metadata.kind must be "a" or "b"'])
  })

  it('alternatives that nothing tells apart, and discriminators that do not, are all told', async () => {
    const option = (name: string) => ({ type: 'object', required: [name], properties: { kind: {} } })
    const metadata = { oneOf: [option('x'), option('y')], discriminator: { propertyName: 'kind' } }
    expect(await issuesWith(metadata, {}, {})).toEqual([
      "metadata.x must have required property 'x'",
      "metadata.y must have required property 'y'",
      'metadata must match exactly one schema in oneOf',
    ])
  })

  it('what holds beside the alternatives is told as well', async () => {
    const metadata = {
      type: 'object',
      required: ['name'],
      anyOf: [{ type: 'string' }, { properties: { size: { type: 'integer' } } }],
    }
    expect(await issuesWith(metadata, {}, { size: 'x' })).toEqual([
      'metadata.size must be integer',
      "metadata.name must have required property 'name'",
    ])
  })

  it('a property that is called discriminator is a property', async () => {
    const metadata = { type: 'object', properties: { discriminator: { type: 'integer' } } }
    expect(await issuesWith(metadata, {}, { discriminator: 'x' })).toEqual([
      'metadata.discriminator must be integer',
    ])
  })
})
