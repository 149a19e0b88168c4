import { describe, expect, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { claudesOf } from '../support/processes.ts'

describe('more sessions than processes', () => {
  test('six sessions with two processes: all are answered and remember; never more than two live', async () => {
    const { createSession, ask, call } = await openServer({ maxLiveProcesses: 2 })
    const ids: string[] = []
    for (let index = 0; index < 6; index++) ids.push(await createSession())
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, claudesOf().filter(pid => pid > 0).length)
    }, 10)
    const told = await Promise.all(
      ids.map((id, index) => ask(id, `Remember that my number is called N${index}`)),
    )
    expect(told.map(({ status }) => status)).toEqual(ids.map(() => 200))
    const asked = await Promise.all(ids.map(id => ask(id, 'What is my number called?')))
    clearInterval(watch)
    asked.forEach(({ body }, index) => {
      expect(body.response).toContain(`N${index}`)
    })
    // One more may be asked what it is, without a conversation.
    expect(most).toBeLessThanOrEqual(3)
    for (const id of ids) expect((await call('GET', `/sessions/${id}`)).body.status).toBe('active')
  })

  test('too many waiting turns are 429 with Retry-After', async () => {
    const { createSession, ask, call } = await openServer({ maxLiveProcesses: 1, maxWaitingTurns: 0 })
    const [first, second] = [await createSession(), await createSession()]
    const running = ask(first, 'Count slowly to 1000')
    await until(async () => (await call('GET', `/sessions/${first}`)).body.state === 'running')
    const refused = await ask(second, 'hello')
    expect(refused).toMatchObject({
      status: 429,
      body: { error: { code: 'TURN_QUEUE_FULL', details: { limit: 0 } } },
    })
    expect(refused.headers.get('retry-after')).toBe('1')
    await call('POST', `/sessions/${first}/interrupt`)
    expect((await running).body.stopReason).toBe('interrupted')
    expect((await ask(second, 'What is 6 times 7?')).body.response).toContain('42')
  })
})

describe('steering', () => {
  test('more input reaches the running turn, and both callers get its answer', async () => {
    const { call, createSession, ask, model } = await openServer()
    const id = await createSession()
    const taken = Promise.withResolvers<void>()
    model.script(/^Count to five/, text('one two three four five', { holdUntil: taken.promise }))
    const running = ask(id, 'Count to five')
    await until(() => model.requests.some(({ prompt }) => prompt?.includes('Count to five')))
    const steering = ask(id, 'What is 6 times 7?', { onBusy: 'steer' })
    // The turn must not end before it has been given the input.
    await until(async () =>
      JSON.stringify((await call('GET', `/sessions/${id}/messages`)).body).includes('6 times 7'),
    )
    taken.resolve()
    const [steered, answer] = await Promise.all([steering, running])
    expect(steered.body.turnId).toBe(answer.body.turnId)
    expect(steered.body.response).toBe(answer.body.response)
    expect(answer.status).toBe(200)
    const { messages } = (await call('GET', `/sessions/${id}/messages`)).body
    const user = messages.filter((message: { source: string }) => message.source === 'user')
    expect(
      user.map((message: { content: { message: { content: string } } }) => message.content.message.content),
    ).toEqual(['Count to five', 'What is 6 times 7?'])
    expect(JSON.stringify(messages)).toContain('42')
    expect((await call('GET', `/sessions/${id}/turns`)).body.pagination.total).toBe(1)
    expect((await ask(id, 'What is 2 times 3?')).body.response).toContain('6')
  })
})
