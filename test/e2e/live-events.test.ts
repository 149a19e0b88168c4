import { expect, test } from 'vitest'
import type { ActivityEvent } from '../../src/contract/activity.ts'
import { apiError, text, toolUse } from '../../src/demo/answer.ts'
import { parseFrames, type SseFrame } from '../support/client.ts'
import { shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'

const shared = shareServer({ environment: { CLAUDE_CODE_MAX_RETRIES: '3' } })

const activitiesIn = (frames: readonly SseFrame[]) =>
  frames.flatMap(({ event, data }) => (event === 'activity' ? (data as unknown as ActivityEvent) : []))

test('what Claude Code does is told while it does it: waiting, trying again, tools, subagents, compacting', async () => {
  const server = shared()
  const id = await server.createSession()
  const [waits, compacts] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let failed = false
  const work = {
    subagent_type: 'Explore',
    description: 'Look',
    prompt: 'the errand',
    run_in_background: false,
  }
  server.model.script('the errand', [toolUse('Glob', { pattern: '*' }), text('Found')])
  server.model.script('try', async ({ round }) => {
    if (!failed) {
      failed = true
      await waits.promise
      return apiError(529)
    }
    return round === 0 ? toolUse('Agent', work) : text('There')
  })
  const frames: SseFrame[] = []
  for await (const frame of server.stream(id, { prompt: 'try', includeDeltas: true })) {
    frames.push(frame)
    if (activitiesIn([frame])[0]?.activity.kind === 'model') waits.resolve()
  }
  const told = activitiesIn(frames)
  const kinds = told.map(({ activity: { kind, id: place } }) => (place === 'main' ? `main ${kind}` : kind))
  expect(kinds.slice(0, 3)).toEqual(['main model', 'main retry', 'main done'])
  expect(new Set(kinds)).toEqual(
    new Set(['main model', 'main retry', 'main done', 'tool', 'subagent', 'done']),
  )
  expect(told.find(({ activity }) => activity.kind === 'retry')?.activity).toMatchObject({
    attempt: 1,
    httpStatus: 529,
    reason: 'overloaded',
  })
  const tools = told.flatMap(({ activity }) => (activity.kind === 'tool' ? activity : []))
  expect(tools.map(({ toolName }) => toolName)).toEqual(['Agent', 'Glob'])
  expect(tools[1]?.parentToolUseId).toBe(tools[0]?.id)
  // Everything that began has ended with the turn.
  const open = new Set<string>()
  for (const { activity } of told) open[activity.kind === 'done' ? 'delete' : 'add'](activity.id)
  expect([...open]).toEqual([])

  server.model.scriptSummary(text('A summary', { holdUntil: compacts.promise }))
  const compact = server.stream(id, { prompt: '/compact', commands: true, includeDeltas: true })
  const compacted: SseFrame[] = []
  for await (const frame of compact) {
    compacted.push(frame)
    if (activitiesIn([frame])[0]?.activity.kind === 'compacting') compacts.resolve()
  }
  expect(activitiesIn(compacted).map(({ activity }) => activity.kind)).toEqual(['compacting', 'done'])
})

test('a reader that comes late is told what goes on, and nothing of it is stored', async () => {
  const server = shared()
  const id = await server.createSession()
  const release = Promise.withResolvers<void>()
  server.model.script('held', { ...text('done'), holdUntil: release.promise })
  const answered = server.ask(id, 'held')
  await until(() => server.model.requests.some(({ prompt }) => prompt === 'held'))
  const late: SseFrame[] = []
  for await (const frame of parseFrames(
    await server.send('GET', `/sessions/${id}/events?includeDeltas=true`),
  )) {
    late.push(frame)
    if (activitiesIn([frame])[0]?.activity.kind === 'model') release.resolve()
    if (frame.event === 'turn.completed') break
  }
  await answered
  expect(activitiesIn(late).map(({ activity }) => activity.kind)).toEqual(['model', 'done'])
  const stored: SseFrame[] = []
  for await (const frame of parseFrames(
    await server.send('GET', `/sessions/${id}/events?includeDeltas=true`),
  )) {
    if (frame.event === 'caught_up') break
    stored.push(frame)
  }
  expect(activitiesIn(stored)).toEqual([])
})

test('a session with promptSuggestions is told what could be asked next, after the turn', async () => {
  const server = shared()
  const id = await server.createSession()
  /** The stand-in's suggestion. */
  const suggested = 'What is 6 times 7?'
  // Claude Code suggests nothing where the conversation would have to be read anew.
  const cached = { usage: { inputTokens: 10, cacheReadTokens: 9_000, outputTokens: 20 } }
  server.model.script('question', text('answer', cached))
  await server.ask(id, 'question one')
  const isAsked = () => server.model.requests.some(({ prompt }) => prompt?.startsWith('[SUGGESTION MODE'))
  expect((await server.call('PATCH', `/sessions/${id}`, { promptSuggestions: true })).status).toBe(200)
  const path = `/sessions/${id}/events?includeDeltas=true&after=latest`
  const reading = parseFrames(await server.send('GET', path))[Symbol.asyncIterator]()
  const seen: SseFrame[] = []
  const readTo = async (event: string) => {
    while (seen.at(-1)?.event !== event) {
      const { value } = await reading.next()
      if (!value) throw new Error(`the stream ended before ${event}`)
      seen.push(value)
    }
    return seen.at(-1)?.data
  }
  await readTo('caught_up')
  expect(isAsked()).toBe(false)
  const { turnId } = (await server.ask(id, 'question two')).body
  expect(await readTo('suggestion')).toEqual({ turnId, text: suggested })
  // It usually comes after the end of the turn, which does not wait for it.
  if (!seen.some(({ event }) => event === 'turn.completed')) await readTo('turn.completed')

  const late = parseFrames(await server.send('GET', path))
  for await (const { event, data } of late) {
    if (event !== 'suggestion') continue
    expect(data).toEqual({ turnId, text: suggested })
    break
  }
  expect(JSON.stringify((await server.call('GET', `/sessions/${id}/messages`)).body)).not.toContain(suggested)
})

test('a session with titles gets one of Claude Code, which the conversation does not have and the next turn pays', async () => {
  const server = shared()
  const { body } = await server.call('POST', '/sessions', { titles: 'claude' })
  const id = body.sessionId
  const path = `/sessions/${id}`
  const outputTokens = async () => {
    const { turnId } = (await server.ask(id, 'name it')).body
    const { modelUsage } = (await server.call('GET', `${path}/turns/${turnId}`)).body
    return modelUsage[0].outputTokens
  }
  server.model.script('name it', text('Named'))
  const answer = await outputTokens()
  const read = async () => (await server.call('GET', path)).body
  await until(async () => (await read()).title !== null)
  expect(await read()).toMatchObject({ title: 'name it', titleSource: 'claude', state: 'idle' })
  expect(server.model.requests.at(-1)?.kind).toBe('side')
  const { messages } = (await server.call('GET', `${path}/messages`)).body
  expect(JSON.stringify(messages)).not.toContain('<session>')
  expect(await outputTokens()).toBeGreaterThan(answer)
})
