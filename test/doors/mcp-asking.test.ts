import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { text, together, toolUse } from '../../src/demo/answer.ts'
import { openOnce } from '../support/lifetime.ts'
import { type Elicitation, openClient, openModernClient } from '../support/mcp-clients.ts'
import { apiKey, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'

const server = shareServer({ doors: ['mcp'] })
const url = () => `${server().base}/doors/mcp`
const session = openOnce(async () => ({
  sessionId: await server().createSession({ permissionPrompts: 'ask' }),
}))

const questions = [
  {
    question: 'Which colour?',
    header: 'Colour',
    multiSelect: false,
    options: [
      { label: 'Red', description: 'as a rose' },
      { label: 'Blue', description: 'as the sky' },
    ],
  },
  {
    question: 'Which sizes?',
    header: 'Sizes',
    multiSelect: true,
    options: [
      { label: 'S', description: 'small' },
      { label: 'L', description: 'large' },
    ],
  },
]

test.each([
  ['sdk 1', openClient],
  ['client 2', openModernClient],
] as const)('%s shows questions as a form', async (_, open) => {
  let told = ''
  server().model.script('ask me', prompt => {
    if (prompt.round === 0) return toolUse('AskUserQuestion', { questions })
    told = prompt.toolResults[0]?.content ?? ''
    return text('Thank you.')
  })
  let form: Elicitation | undefined
  const { call } = await open({
    url: url(),
    key: apiKey,
    onElicitation: params => {
      form = params
      return { action: 'accept', content: { other_1: 'Mauve', answer_2: ['S', 'L'] } }
    },
  })
  expect((await call('prompt', { ...session(), prompt: 'ask me' })).text).toBe('Thank you.')
  expect(form?.requestedSchema?.properties).toMatchObject({
    answer_1: {
      title: 'Colour',
      description: 'Which colour?\nRed: as a rose\nBlue: as the sky',
      enum: ['Red', 'Blue'],
    },
    answer_2: { type: 'array', items: { enum: ['S', 'L'] } },
  })
  expect(told).toContain('Mauve')
  expect(told).toContain('S, L')
})

test.each([
  ['sdk 1', openClient],
  ['client 2', openModernClient],
] as const)('%s gets the request back if its person closes the form', async (_, open) => {
  server().model.script('touch it', [toolUse('Bash', { command: 'touch nothing' }), text('Well.')])
  const { call } = await open({ url: url(), key: apiKey, onElicitation: () => ({ action: 'cancel' }) })
  const { data } = await call('prompt', { ...session(), prompt: 'touch it' })
  expect(data).toMatchObject({ status: 'requires_action', openRequests: [{ kind: 'tool' }] })
  const { turnId, openRequests } = data
  const [{ requestId }] = openRequests
  const denied = { ...session(), requestId, decision: 'deny', message: 'Not now' }
  expect((await call('answer_request', denied)).data.status).toBe('denied')
  expect((await call('wait_for_turn', { ...session(), turnId })).text).toBe('Well.')
})

test('an elicitation is taken back when the request is answered elsewhere', async () => {
  const file = join(server().cwd, 'elsewhere')
  server().model.script('touch it', [toolUse('Bash', { command: `touch ${file}` }), text('Well.')])
  const { call, errors } = await openClient({
    url: url(),
    key: apiKey,
    onElicitation: async (_, signal) => {
      const { permissions } = (await server().call('GET', '/permissions')).body
      const [{ sessionId, permissionId }] = permissions
      const path = `/sessions/${sessionId}/permissions/${permissionId}`
      await server().call('POST', path, { decision: 'allow' })
      await until(() => signal.aborted)
      return { action: 'decline' }
    },
  })
  expect((await call('prompt', { ...session(), prompt: 'touch it' })).text).toBe('Well.')
  expect(existsSync(file)).toBe(true)
  expect(errors).toEqual([])
})

test('the answer to an elicitation counts at any node, also at one that knows nothing of the call', async () => {
  server().model.script('touch it', [toolUse('Bash', { command: 'touch nothing' }), text('Well.')])
  const answered = Promise.withResolvers<void>()
  const { call } = await openClient({
    url: url(),
    key: apiKey,
    onElicitation: async (_, signal) => {
      await until(() => signal.aborted)
      return { action: 'cancel' }
    },
  })
  const options = {
    onProgress: async (message: string) => {
      if (!message.startsWith('Waits')) return
      const { sessionId } = session()
      const { permissions } = (await server().call('GET', `/sessions/${sessionId}/permissions`)).body
      const id = `elicitation:${sessionId}:${permissions[0].permissionId}`
      const response = await fetch(url(), {
        method: 'POST',
        headers: {
          authorization: `Bearer ${apiKey}`,
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
          // A connection without mailboxes here.
          'mcp-session-id': '00000000-0000-4000-8000-000000000000-f',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id, result: { action: 'decline' } }),
      })
      expect(response.status).toBe(202)
      answered.resolve()
    },
  }
  const answer = await call('prompt', { ...session(), prompt: 'touch it' }, options)
  await answered.promise
  expect(answer.text).toBe('Well.')
})

test('a client tool is an open request, and its result reaches Claude', async () => {
  let told: string[] = []
  server().model.script('what is the weather', prompt => {
    if (prompt.round === 0) {
      return together(
        toolUse('mcp__client__weather', { city: 'Oslo' }),
        toolUse('mcp__client__weather', { city: 'Rome' }),
      )
    }
    told = prompt.toolResults.map(({ content }) => content)
    return text('Rain, and no answer from Rome')
  })
  // Elicitation is for people: the caller's tools are not theirs.
  const onElicitation = () => ({ action: 'decline' as const })
  const { call } = await openClient({ url: url(), key: apiKey, onElicitation })
  const inputSchema = { type: 'object', properties: { city: { type: 'string' } } }
  const clientTools = [{ name: 'weather', description: 'The weather', inputSchema, readOnly: true }]
  const { sessionId } = (await call('start_session', { clientTools })).data
  const { data: first } = await call('prompt', { sessionId, prompt: 'what is the weather' })
  expect(first).toMatchObject({ status: 'requires_action' })
  expect(first.openRequests[0]).toMatchObject({ kind: 'client_tool', toolName: 'weather' })
  const { turnId } = first
  let last = first
  while (last.status === 'requires_action') {
    for (const { requestId, input } of last.openRequests) {
      const answer = input.city === 'Oslo' ? { result: 'Rain' } : { error: 'Rome does not answer' }
      const { data } = await call('answer_request', { sessionId, requestId, ...answer })
      expect(data.status).toBe('answered')
    }
    last = (await call('wait_for_turn', { sessionId, turnId })).data
  }
  expect(last.response).toBe('Rain, and no answer from Rome')
  expect(told.join('\n')).toMatch(/Rain[\s\S]*Rome does not answer/)
})

test('a call that does not wait can be waited for later', async () => {
  const held = Promise.withResolvers<void>()
  server().model.script('take your time', text('Done', { holdUntil: held.promise }))
  const { call } = await openModernClient({ url: url(), key: apiKey })
  const { sessionId } = session()
  const { data } = await call('prompt', { sessionId, prompt: 'take your time', waitSeconds: 0 })
  expect(['queued', 'running']).toContain(data.status)
  const { turnId } = data
  held.resolve()
  expect((await call('wait_for_turn', { sessionId, turnId })).text).toBe('Done')
  const busy = await call('interrupt', { sessionId })
  expect(busy.data).toEqual({ interrupted: [], cancelled: [] })
})

/** A `fetch` whose streams of tool calls can be cut, and which records how they are resumed. */
function createCuttable() {
  const cuts = new Set<() => void>()
  const resumed: string[] = []
  const fetchIt: typeof fetch = async (input, init) => {
    const lastEventId = new Headers(init?.headers).get('last-event-id')
    if (lastEventId !== null) resumed.push(lastEventId)
    const response = await fetch(input, init)
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response
    let cut = () => {}
    const stream = new TransformStream<Uint8Array, Uint8Array>({
      start: controller => {
        cut = () => controller.error(new Error('cut by the test'))
      },
      flush: () => void cuts.delete(cut),
    })
    cuts.add(cut)
    return new Response(response.body?.pipeThrough(stream) ?? null, response)
  }
  const cutAll = () => {
    for (const cut of cuts) cut()
    cuts.clear()
  }
  return { fetch: fetchIt, cutAll, resumed, isOpen: () => cuts.size > 0 }
}

test.each([['with progress'], ['without progress']])('a stream that was cut is resumed, %s', async how => {
  const held = Promise.withResolvers<void>()
  const file = join(server().cwd, how.replace(' ', '-'))
  server().model.script('go on', [
    toolUse('Bash', { command: `touch ${file}` }),
    text('All the same', { holdUntil: held.promise }),
  ])
  const { fetch, cutAll, resumed, isOpen } = createCuttable()
  let asked = 0
  const seen: string[] = []
  const { call } = await openClient({
    url: url(),
    key: apiKey,
    fetch,
    onElicitation: async () => {
      asked++
      cutAll()
      await until(() => resumed.length > 0)
      return { action: 'accept', content: { decision: 'allow' } }
    },
  })
  const options = how === 'with progress' ? { onProgress: (message: string) => void seen.push(message) } : {}
  const answered = call('prompt', { ...session(), prompt: 'go on' }, options)
  // The request that resumes may not have its response yet.
  await until(() => existsSync(file) && isOpen())
  cutAll()
  await until(() => resumed.length > 1)
  held.resolve()
  expect((await answered).text).toBe('All the same')
  expect(asked).toBe(1)
  if (how === 'with progress') {
    expect(seen.filter(message => message === 'Claude has started')).toHaveLength(1)
    expect(seen).toContain('All the same')
  }
  const { turns } = (await server().call('GET', `/sessions/${session().sessionId}/turns?limit=1`)).body
  expect(turns[0].status).toBe('completed')
})
