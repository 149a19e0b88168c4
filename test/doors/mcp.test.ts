import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { apiError, text, toolUse } from '../../src/demo/answer.ts'
import { openOnce } from '../support/lifetime.ts'
import { type McpClient, type OnElicitation, openClient, openModernClient } from '../support/mcp-clients.ts'
import { apiKey, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'

const server = shareServer({ doors: ['mcp'] })
const url = () => `${server().base}/doors/mcp`

type Parts = { key?: string; onElicitation?: OnElicitation }
const clients: [name: string, open: (parts?: Parts) => Promise<McpClient>][] = [
  ['sdk 1', parts => openClient({ url: url(), key: apiKey, ...parts })],
  ['client 2', parts => openModernClient({ url: url(), key: apiKey, ...parts })],
]

const session = openOnce(async () => ({
  sessionId: await server().createSession({ permissionPrompts: 'ask' }),
}))

describe.each(clients)('%s', (name, open) => {
  const file = (purpose: string) => join(server().cwd, `${name.replaceAll(' ', '-')}-${purpose}`)

  test('starts a session that asks', async () => {
    const { call } = await open()
    const { data } = await call('start_session', { title: 'First' })
    const { body } = await server().call('GET', `/sessions/${data.sessionId}`)
    expect(body).toMatchObject({ title: 'First', config: { permissionPrompts: 'ask' } })
  })

  test('sends a prompt, sees the work and gets the answer', async () => {
    server().model.script('look around', [toolUse('Bash', { command: 'echo here' }), text('I have looked')])
    const { call } = await open()
    const seen: string[] = []
    const options = { onProgress: (message: string) => void seen.push(message) }
    const answer = await call('prompt', { ...session(), prompt: 'look around' }, options)
    expect(answer).toMatchObject({ text: 'I have looked', isError: false })
    expect(answer.data).toMatchObject({ ...session(), status: 'completed', openRequests: [], error: null })
    expect(seen).toContain('Claude has started')
    expect(seen.join('\n')).toContain('Bash {"command":"echo here"')
    expect(seen).toContain('I have looked')
  })

  test('is asked for a permission by elicitation, and its answer counts', async () => {
    const [wanted, unwanted] = [file('wanted'), file('unwanted')]
    server().model.script('make both', [
      toolUse('Bash', { command: `touch ${wanted}` }),
      toolUse('Bash', { command: `touch ${unwanted}` }),
      text('That was it.'),
    ])
    const asked: string[] = []
    const client = await open({
      onElicitation: ({ message, requestedSchema }) => {
        asked.push(message)
        expect(requestedSchema?.properties.decision?.enum).toEqual(['allow', 'allow_for_session', 'deny'])
        if (message.includes(unwanted)) return { action: 'decline' }
        return { action: 'accept', content: { decision: 'allow' } }
      },
    })
    const answer = await client.call('prompt', { ...session(), prompt: 'make both' })
    expect(answer).toMatchObject({ text: 'That was it.', data: { status: 'completed' } })
    expect(asked).toHaveLength(2)
    expect([existsSync(wanted), existsSync(unwanted)]).toEqual([true, false])
  })

  test('answers requests by a tool if it has no elicitation', async () => {
    const wanted = file('by-tool')
    server().model.script('make it', [toolUse('Bash', { command: `touch ${wanted}` }), text('That was it.')])
    const { call } = await open()
    const { sessionId } = session()
    const waiting = await call('prompt', { sessionId, prompt: 'make it' })
    expect(waiting.text).toContain('answer_request')
    expect(waiting.data).toMatchObject({
      status: 'requires_action',
      openRequests: [{ kind: 'tool', toolName: 'Bash', input: { command: `touch ${wanted}` } }],
    })
    const { turnId, openRequests } = waiting.data
    expect((await call('list_requests', { sessionId })).data.requests).toEqual(openRequests)
    const { requestId } = openRequests[0]
    const nothing = await call('answer_request', { sessionId, requestId })
    expect(nothing).toMatchObject({ isError: true, text: expect.stringContaining('decision') })
    const answered = await call('answer_request', { sessionId, requestId, decision: 'allow' })
    expect(answered.data).toMatchObject({ requestId, status: 'allowed' })
    const done = await call('wait_for_turn', { sessionId, turnId })
    expect(done).toMatchObject({ text: 'That was it.', data: { status: 'completed', turnId } })
    expect(existsSync(wanted)).toBe(true)
  })

  test('cancels a call, which interrupts the turn', async () => {
    const held = Promise.withResolvers<void>()
    server().model.script('wait long', text('never', { holdUntil: held.promise }))
    const { call } = await open()
    const leaving = new AbortController()
    const onProgress = (message: string) => {
      if (message === 'Claude has started') leaving.abort()
    }
    const options = { signal: leaving.signal, onProgress }
    await expect(call('prompt', { ...session(), prompt: 'wait long' }, options)).rejects.toThrow()
    const { sessionId } = session()
    const status = async () => (await server().call('GET', `/sessions/${sessionId}`)).body.lastTurn.status
    await until(async () => (await status()) === 'interrupted')
    held.resolve()
  })

  test('is told why a turn failed', async () => {
    server().model.script('break', apiError(400, { message: 'no such thing' }))
    const { call } = await open()
    const answer = await call('prompt', { ...session(), prompt: 'break' })
    expect(answer).toMatchObject({
      isError: true,
      data: { status: 'failed', error: { reason: 'invalid_request' } },
    })
    expect(answer.text).toMatch(/^MESSAGE_SEND_FAILED: The model's API refused the request as invalid/)
  })

  test.each([
    ['start_session', { colour: 'red' }, 'colour'],
    ['start_session', { cwd: '/nowhere' }, 'CWD'],
    ['start_session', { workspace: { type: 'git' } }, 'workspace.url'],
    ['start_session', { workspace: { type: 'empty', branch: 'main' } }, 'workspace.branch'],
    ['start_session', { preset: 'none' }, 'PRESET_NOT_FOUND'],
    ['start_session', { preset: 'none@2' }, 'PRESET_NOT_FOUND'],
    ['start_session', { preset: 'none@second' }, 'preset: must be the name of a preset'],
    ['prompt', { prompt: 'hello' }, 'sessionId'],
    ['prompt', { sessionId: 'none', prompt: 'hello' }, 'SESSION_NOT_FOUND'],
    ['prompt', { sessionId: 'none', prompt: 'hello', waitSeconds: -1 }, 'waitSeconds'],
    ['read_file', { sessionId: 'none', path: 7 }, 'path'],
    ['follow_events', { sessionId: 'none' }, 'SESSION_NOT_FOUND'],
  ])('of %s with %j says what is wrong', async (tool, input, expected) => {
    const { call } = await open()
    const { isError, text } = await call(tool, input)
    expect([isError, text]).toEqual([true, expect.stringContaining(expected)])
  })
})

test('client 2 with the handshake of 2025 is asked by elicitation too', async () => {
  const file = join(server().cwd, 'by-handshake')
  server().model.script('make it', [toolUse('Bash', { command: `touch ${file}` }), text('That was it.')])
  const onElicitation = () => ({ action: 'accept' as const, content: { decision: 'allow' } })
  const client = await openModernClient({ url: url(), key: apiKey, onElicitation }, 'legacy')
  expect(client.client.getNegotiatedProtocolVersion()).toBe('2025-11-25')
  expect((await client.call('prompt', { ...session(), prompt: 'make it' })).text).toBe('That was it.')
  expect(existsSync(file)).toBe(true)
})
