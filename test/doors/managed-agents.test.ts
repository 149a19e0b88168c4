import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { accumulateManagedAgentsEvent } from '@anthropic-ai/sdk/lib/sessions/accumulate'
import { describe, expect, test } from 'vitest'
import { apiError, text, thinking, together, toolUse } from '../../src/demo/answer.ts'
import { parseFrames } from '../support/client.ts'
import { apiKey } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import {
  ask,
  message,
  pick,
  type StreamEvent,
  shareManagedAgents,
  storedOf,
  textOf,
  toolset,
  typesOf,
  untilDone,
} from './managed-agents-client.ts'

const shared = shareManagedAgents()

test('a message is answered in pieces; the list has what the stream had', async () => {
  const { client, model, createSession, send, listed } = shared()
  const previewed = Promise.withResolvers<void>()
  const delivery = { fragmentSize: 4, holdAfterFragments: 1, holdUntil: previewed.promise }
  model.script('Hello', together(thinking('Who is it?'), text('Hello yourself', delivery)))
  const session = await createSession()
  const { events } = client.beta.sessions
  const stream = await events.stream(session.id, { event_deltas: ['agent.message', 'agent.thinking'] })
  const { data: sent = [] } = await send(session.id, message('Hello'))
  expect(sent).toMatchObject([{ type: 'user.message', processed_at: null }])
  const seen = await untilDone(stream, ({ type }) => {
    if (type === 'event_start') previewed.resolve()
  })
  expect(typesOf(storedOf(seen))).toEqual([
    'session.status_running',
    'user.message',
    'agent.thinking',
    'agent.message',
    'session.usage',
    'session.status_idle',
  ])
  const [answer] = pick(seen, 'agent.message')
  expect(textOf(answer)).toBe('Hello yourself')
  expect(pick(seen, 'event_start').map(({ event }) => event.type)).toEqual([
    'agent.thinking',
    'agent.message',
  ])
  let preview: ReturnType<typeof accumulateManagedAgentsEvent>
  for (const event of seen) {
    const id = 'event_id' in event ? event.event_id : 'event' in event ? event.event.id : undefined
    if (id === answer?.id) preview = accumulateManagedAgentsEvent(preview, event)
  }
  expect([preview?.id, textOf(preview)]).toEqual([answer?.id, 'Hello yourself'])
  expect(pick(seen, 'user.message')[0]?.id).toBe(sent[0]?.id)
  expect(await listed(session.id)).toEqual(storedOf(seen))

  const shown = await client.beta.sessions.retrieve(session.id)
  expect(shown).toMatchObject({ status: 'idle', usage: pick(seen, 'session.usage')[0]?.usage })
  expect(shown.usage.output_tokens).toBeGreaterThan(0)
})

describe('a stream', () => {
  test('opened while a turn runs has the turn from its start, and resumes after an event', async () => {
    const { baseURL, client, model, createSession, send, listed } = shared()
    const held = Promise.withResolvers<void>()
    model.script('Say two things', [
      together(text('One'), toolUse('Bash', { command: 'echo one' })),
      text('Two', { holdUntil: held.promise }),
    ])
    const session = await createSession({ tools: [toolset()] })
    await send(session.id, message('Say two things'))
    const open = (headers: Record<string, string> = {}, init: RequestInit = {}) =>
      fetch(`${baseURL}/v1/sessions/${session.id}/events/stream?beta=true`, {
        headers: { 'x-api-key': apiKey, ...headers },
        ...init,
      })
    const frames: { id: string | undefined; type: unknown }[] = []
    const leaving = new AbortController()
    for await (const { id, event, data } of parseFrames(await open({}, { signal: leaving.signal }))) {
      expect(event).toBe('message')
      frames.push({ id, type: data.type })
      if (data.type === 'agent.tool_result') break
    }
    leaving.abort()
    expect(frames.map(({ type }) => type)).toEqual([
      'session.status_running',
      'user.message',
      'agent.message',
      'agent.tool_use',
      'agent.tool_result',
    ])
    const cut = frames[2]
    const resumed = parseFrames(await open({ 'last-event-id': cut?.id ?? '' }))
    const stream = await client.beta.sessions.events.stream(session.id)
    held.resolve()
    const whole = await untilDone(stream)
    const rest: unknown[] = []
    for await (const { data } of resumed) {
      rest.push(data.type)
      if (data.type === 'session.status_idle') break
    }
    const all = await listed(session.id)
    expect(whole).toEqual(all)
    expect(rest).toEqual(typesOf(all).slice(3))
    const wrong = await open({ 'last-event-id': 'x' })
    expect([wrong.status, await wrong.json()]).toEqual([
      400,
      expect.objectContaining({ error: expect.objectContaining({ type: 'invalid_request_error' }) }),
    ])
  })

  test('does not tell of turns that were over', async () => {
    const { client, model, createSession, send } = shared()
    model.script('first', text('One'))
    model.script('second', text('Two'))
    const session = await createSession({}, { initial_events: [message('first')] })
    await until(async () => (await client.beta.sessions.retrieve(session.id)).status === 'idle')
    const stream = await client.beta.sessions.events.stream(session.id)
    await send(session.id, message('second'))
    expect(pick(await untilDone(stream), 'agent.message').map(textOf)).toEqual(['Two'])
  })

  test('ends a preview whose request broke off', async () => {
    const { client, model, createSession, send } = shared()
    const seen = Promise.withResolvers<void>()
    model.script(
      'break off',
      text('This comes to nothing', {
        fragmentSize: 4,
        holdAfterFragments: 2,
        holdUntil: seen.promise,
        breakAfterFragments: 2,
      }),
    )
    const session = await createSession()
    const stream = await client.beta.sessions.events.stream(session.id, { event_deltas: ['agent.message'] })
    await send(session.id, message('break off'))
    const events = await untilDone(stream, event => {
      if (event.type === 'event_delta') seen.resolve()
    })
    expect(pick(events, 'agent.message')).toEqual([])
    expect(pick(events, 'span.model_request_end')).toMatchObject([{ is_error: true }])
    expect(pick(events, 'session.error')).toHaveLength(1)
  })
})

describe('calls that are always asked about', () => {
  const asking = { tools: [toolset({ configs: [{ name: 'bash' as const, permission_policy: ask }] })] }
  const both = (cwd: string) =>
    together(
      toolUse('Bash', { command: `touch ${join(cwd, 'wanted')}` }),
      toolUse('Bash', { command: 'pwd' }),
    )

  test('wait, also those that Claude Code would not ask about, and run or are denied', async () => {
    const { client, model, cwd, createSession, send, listed } = shared()
    const told: string[] = []
    model.script('Do both', prompt => {
      if (prompt.round === 0) return both(cwd)
      told.push(...prompt.toolResults.map(({ content }) => content))
      return text('So it is')
    })
    const session = await createSession(asking)
    const stream = await client.beta.sessions.events.stream(session.id)
    await send(session.id, message('Do both'))
    const asked: string[][] = []
    const answered = new Set<string>()
    const events = await untilDone(stream, async event => {
      if (event.type !== 'session.status_idle' || event.stop_reason.type !== 'requires_action') return
      asked.push(event.stop_reason.event_ids)
      expect((await client.beta.sessions.retrieve(session.id)).status).toBe('idle')
      const next = event.stop_reason.event_ids.find(id => !answered.has(id))
      if (next === undefined) return
      const isFirst = answered.size === 0
      answered.add(next)
      const verdict = isFirst
        ? ({ result: 'allow' } as const)
        : ({ result: 'deny', deny_message: 'Not on a Friday' } as const)
      await send(session.id, { type: 'user.tool_confirmation', tool_use_id: next, ...verdict })
    })
    const uses = pick(events, 'agent.tool_use')
    expect(uses).toMatchObject([
      { name: 'bash', evaluated_permission: 'ask', evaluation: { type: 'always_ask' } },
      { name: 'bash', input: { command: 'pwd' } },
    ])
    expect([...answered]).toEqual(uses.map(({ id }) => id))
    expect(pick(events, 'user.tool_confirmation')).toMatchObject([
      { tool_use_id: uses[0]?.id, result: 'allow' },
      { tool_use_id: uses[1]?.id, result: 'deny', deny_message: 'Not on a Friday' },
    ])
    expect(pick(events, 'agent.tool_result').map(({ is_error }) => is_error)).toEqual([false, true])
    expect(told.join()).toContain('Not on a Friday')
    expect(existsSync(join(cwd, 'wanted'))).toBe(true)
    expect(
      pick((await listed(session.id)) as StreamEvent[], 'session.status_idle').map(
        ({ stop_reason }) => stop_reason.type,
      ),
    ).toEqual([...asked.map(() => 'requires_action'), 'end_turn'])
    const again = send(session.id, {
      type: 'user.tool_confirmation',
      tool_use_id: uses[0]?.id ?? '',
      result: 'allow',
    })
    await expect(again).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' })
  })

  test('may be confirmed together, the last one first, before they are asked', async () => {
    const { client, model, cwd, createSession, send } = shared()
    model.script('Do both', [both(cwd), text('Both are done')])
    const session = await createSession(asking)
    const stream = await client.beta.sessions.events.stream(session.id)
    await send(session.id, message('Do both'))
    const uses: string[] = []
    const events = await untilDone(stream, async event => {
      if (event.type !== 'agent.tool_use') return
      uses.unshift(event.id)
      const verdicts = uses.map(id => ({
        type: 'user.tool_confirmation' as const,
        tool_use_id: id,
        result: 'allow' as const,
      }))
      if (uses.length === 2) await send(session.id, ...verdicts)
    })
    expect(pick(events, 'agent.tool_result').map(({ is_error }) => is_error)).toEqual([false, false])
  })
})

test('what a rule of Claude Code protects is asked about, too', async () => {
  const { call, client, model, cwd, createSession, send } = shared()
  const configuration = { tools: ['Write'] }
  await call('POST', '/presets', { name: 'writer', configuration })
  const file = join(cwd, 'written.txt')
  model.script('Write it', [toolUse('Write', { file_path: file, content: 'x' }), text('Written')])
  const session = await createSession('writer')
  expect(session.agent).toMatchObject({ name: 'writer', version: 1 })
  const stream = await client.beta.sessions.events.stream(session.id)
  await send(session.id, message('Write it'))
  const events = await untilDone(stream, async event => {
    if (event.type !== 'session.status_idle' || event.stop_reason.type !== 'requires_action') return
    const [id = ''] = event.stop_reason.event_ids
    await send(session.id, { type: 'user.tool_confirmation', tool_use_id: id, result: 'allow' })
  })
  expect(pick(events, 'user.tool_confirmation')).toMatchObject([{ result: 'allow' }])
  expect(existsSync(file)).toBe(true)
})

test('an interrupt with a message redirects: the session does not become idle between', async () => {
  const { client, model, createSession, send, listed } = shared()
  const held = Promise.withResolvers<void>()
  model.script('Take long', text('never', { holdUntil: held.promise }))
  model.script('Be quick', text('Here I am'))
  const session = await createSession()
  const stream = await client.beta.sessions.events.stream(session.id)
  await send(session.id, message('Take long'))
  let sent: { id: string }[] = []
  const events = await untilDone(stream, async event => {
    if (event.type !== 'user.message' || sent.length > 0) return
    sent = (await send(session.id, { type: 'user.interrupt' }, message('Be quick'))).data ?? []
  })
  held.resolve()
  expect(typesOf(events)).toEqual([
    'session.status_running',
    'user.message',
    'user.interrupt',
    'session.usage',
    'user.message',
    'agent.message',
    'session.usage',
    'session.status_idle',
  ])
  expect(sent.map(({ id }) => id)).toEqual(
    [pick(events, 'user.interrupt')[0], pick(events, 'user.message')[1]].map(event => event?.id),
  )
  expect(await listed(session.id)).toEqual(events)
})

test('a message that waits is at the end of the list, and an interrupt ends in end_turn', async () => {
  const { client, model, createSession, send, listed } = shared()
  const held = Promise.withResolvers<void>()
  model.script('Take long', text('never', { holdUntil: held.promise }))
  model.script('Wait your turn', text('Thank you'))
  const session = await createSession()
  const stream = await client.beta.sessions.events.stream(session.id)
  const { data = [] } = await send(session.id, message('Take long'), message('Wait your turn'))
  const events = await untilDone(stream, async event => {
    if (event.type !== 'user.message' || event.id !== data[0]?.id) return
    expect((await listed(session.id)).at(-1)).toMatchObject({ id: data[1]?.id, processed_at: null })
    await expect(client.beta.sessions.archive(session.id)).rejects.toMatchObject({ status: 400 })
    await send(session.id, { type: 'user.interrupt' })
  })
  held.resolve()
  expect(pick(events, 'session.status_idle')).toMatchObject([{ stop_reason: { type: 'end_turn' } }])
  expect(pick(events, 'agent.message').map(textOf)).toEqual(['Thank you'])
})

test('a turn that fails is an error, and the session goes on', async () => {
  const { client, model, createSession, send } = shared()
  model.script('Break', apiError(400, { message: 'no such thing' }))
  model.script('Hello', text('Still here'))
  const session = await createSession()
  const stream = await client.beta.sessions.events.stream(session.id)
  await send(session.id, message('Break'))
  const events = await untilDone(stream)
  expect(pick(events, 'session.error')).toMatchObject([
    { error: { type: 'model_request_failed_error', retry_status: { type: 'terminal' } } },
  ])
  expect(events.at(-1)).toMatchObject({ stop_reason: { type: 'retries_exhausted' } })
  expect(pick(events, 'agent.message')).toEqual([])
  const again = await client.beta.sessions.events.stream(session.id)
  await send(session.id, message('Hello'))
  expect(pick(await untilDone(again), 'agent.message').map(textOf)).toEqual(['Still here'])
})
