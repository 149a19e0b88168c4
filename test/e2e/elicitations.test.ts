import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { askedForm } from '../fixtures/mcp-protocol.ts'
import { openMcpServer } from '../fixtures/mcp-server.ts'
import { openOnce } from '../support/lifetime.ts'
import { openServer } from '../support/open-server.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'

const shared = openOnce(async () => {
  const mcp = await openMcpServer()
  const server = await openServer({ allowedPrivateHosts: [mcp.host] })
  const create = (settings: object) =>
    server.createSession({
      mcpServers: { people: { type: 'http', url: mcp.url } },
      allowedTools: ['mcp__people'],
      ...settings,
    })
  return { server, create, asking: await create({ permissionPrompts: 'ask' }) }
})

/** A session whose MCP server wants something of a person when the prompt is `go`. */
async function openAsking(tool: string, input: object = {}, settings?: object) {
  const { server, create, asking } = shared()
  server.model.script('go', prompt => {
    if (prompt.round === 0) return toolUse(`mcp__people__${tool}`, { message: 'Who is there?', ...input })
    return text(`Said: ${prompt.toolResults[0]?.content}`)
  })
  return { server, id: settings ? await create(settings) : asking }
}

test('the form of an MCP server is shown, filled in, and handed to it', async () => {
  const { server, id } = await openAsking('ask_person')
  const answered = server.ask(id, 'go')
  const [request] = await pendingPermissions(server, id)
  expect(request).toMatchObject({
    kind: 'elicitation',
    elicitation: { serverName: 'people', message: 'Who is there?', mode: 'form', requestedSchema: askedForm },
  })
  const content = { name: 'Minka', colour: 'red' }
  expect((await answer(server, request, { decision: 'allow', content })).body.status).toBe('allowed')
  expect((await answered).body.response).toContain(
    `answered: ${JSON.stringify({ action: 'accept', content })}`,
  )
})

test.each([
  [undefined, 'content.name', 'is required'],
  [{ colour: 'red' }, 'content.name', 'is required'],
  [{ name: 5 }, 'content.name', 'must be string'],
  [{ name: 'Minka', colour: 'mauve' }, 'content.colour', 'must be one of "red", "green", "blue"'],
])('filled in with %j it is refused', async (content, path, message) => {
  const { server, id } = await openAsking('ask_person')
  const answered = server.ask(id, 'go')
  const [request] = await pendingPermissions(server, id)
  const refused = await answer(server, request, { decision: 'allow', content })
  expect(refused).toMatchObject({
    status: 400,
    body: { error: { code: 'INVALID_REQUEST', details: { issues: [{ path, message }] } } },
  })
  await answer(server, request, { decision: 'allow', content: { name: 'Minka' } })
  expect((await answered).body.response).toContain('"action":"accept"')
})

test.each([
  { type: 'object', properties: { name: { type: 'string' } }, required: ['age', 'age'] },
  {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { name: { type: 'string', enum: ['a'], enumNames: ['A'], pattern: '(' } },
  },
])('a form whose schema is odd can be filled in all the same: %j', async schema => {
  const { server, id } = await openAsking('ask_person', { schema })
  const answered = server.ask(id, 'go')
  const [request] = await pendingPermissions(server, id)
  expect((await answer(server, request, { decision: 'allow', content: { name: 'a' } })).status).toBe(200)
  expect((await answered).body.response).toContain('"action":"accept"')
})

test('it can be declined', async () => {
  const { server, id } = await openAsking('ask_person')
  const answered = server.ask(id, 'go')
  const [request] = await pendingPermissions(server, id)
  await answer(server, request, { decision: 'deny' })
  expect((await answered).body.response).toContain('"action":"decline"')
})

test('an address to go to is shown', async () => {
  const { server, id } = await openAsking('send_person')
  const answered = server.ask(id, 'go')
  const [request] = await pendingPermissions(server, id)
  expect(request.elicitation).toEqual({
    serverName: 'people',
    message: 'Who is there?',
    mode: 'url',
    url: 'https://example.com/login',
  })
  const refused = await answer(server, request, { decision: 'allow', content: {} })
  expect(refused.body.error.details.issues).toMatchObject([{ path: 'content' }])
  await answer(server, request, { decision: 'allow' })
  expect((await answered).body.response).toContain('"action":"accept"')
})

test('an address that would run or open something is not shown', async () => {
  const addresses = [
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'JaVaScRiPt://x/%0aalert(1)',
  ]
  const { server, id } = await openAsking('send_person')
  for (const url of addresses) {
    const input = { message: 'Who is there?', url }
    server.model.script(`visit ${url}`, [toolUse('mcp__people__send_person', input), text('asked')])
    const answered = server.ask(id, `visit ${url}`)
    const [request] = await pendingPermissions(server, id)
    expect(request.elicitation).toEqual({ serverName: 'people', message: 'Who is there?', mode: 'url' })
    await answer(server, request, { decision: 'deny' })
    expect((await answered).status).toBe(200)
  }
})

test('without anybody to ask it is cancelled at once', async () => {
  const { server, id } = await openAsking('ask_person', {}, { permissionPrompts: 'deny' })
  expect((await server.ask(id, 'go')).body.response).toContain('"action":"cancel"')
  expect((await server.call('GET', `/sessions/${id}/permissions?status=all`)).body.permissions).toEqual([])
})

test.each([
  ['denied', 'decline', { permissionPrompts: 'ask' }],
  ['expired', 'cancel', { permissionPrompts: 'ask', permissionTimeoutMs: 1_500 }],
])('that is %s is %s for its server', async (status, action, settings) => {
  const { server, id } = await openAsking('ask_person', {}, settings)
  const answered = server.ask(id, 'go')
  if (status === 'denied') {
    const [request] = await pendingPermissions(server, id)
    await answer(server, request, { decision: 'deny' })
  }
  expect((await answered).body.response).toContain(`"action":"${action}"`)
  const { permissions } = (await server.call('GET', `/sessions/${id}/permissions?status=all`)).body
  expect(permissions).toMatchObject([{ status }])
})
