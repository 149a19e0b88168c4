import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { parseFrames } from '../support/client.ts'
import { openServer } from '../support/open-server.ts'
import { sentTo } from '../support/sent-to-model.ts'

const schema = {
  type: 'object',
  properties: { answer: { type: 'integer', minimum: 1 } },
  required: ['answer'],
  additionalProperties: false,
}
const outputFormat = { type: 'json_schema', schema }

describe('the answer as data', () => {
  test('is in the answer, the turn, the stream and the event', async () => {
    const { call, createSession, ask, stream, model, send } = await openServer({ record: true })
    model.script('good', toolUse('StructuredOutput', { answer: 42 }))
    const id = await createSession({ outputFormat })
    const answer = await ask(id, 'good')
    expect(answer).toMatchObject({
      status: 200,
      body: { structuredOutput: { answer: 42 }, stopReason: 'end_turn' },
    })
    expect(sentTo(model)[0]?.toolSchemas.StructuredOutput).toEqual(schema)
    const turn = (await call('GET', `/sessions/${id}/turns/${answer.body.turnId}`)).body
    expect(turn.structuredOutput).toEqual({ answer: 42 })
    const frames = await Array.fromAsync(stream(id, { prompt: 'good' }))
    expect(frames.at(-1)).toMatchObject({ event: 'complete', data: { structuredOutput: { answer: 42 } } })
    expect((await call('GET', `/sessions/${id}`)).body.config.outputFormat).toEqual(outputFormat)
    for await (const { event, data } of parseFrames(await send('GET', `/sessions/${id}/events`))) {
      if (event !== 'turn.completed') continue
      expect(data.structuredOutput).toEqual({ answer: 42 })
      break
    }
  })

  test('Claude tries again when it does not fit', async () => {
    const { createSession, ask, model } = await openServer()
    model.script('hasty', [
      toolUse('StructuredOutput', { answer: 'x' }),
      toolUse('StructuredOutput', { answer: 7 }),
    ])
    const answer = await ask(await createSession({ outputFormat }), 'hasty')
    expect(answer.body.structuredOutput).toEqual({ answer: 7 })
  })

  test.each([
    ['that never fits', toolUse('StructuredOutput', { answer: 0 })],
    ['that is only a text', text('forty-two')],
  ])('an answer %s fails the turn with a reason of its own; the session goes on', async (_name, said) => {
    const { call, createSession, ask, model } = await openServer()
    model.script('bad', said)
    model.script('good', toolUse('StructuredOutput', { answer: 42 }))
    const id = await createSession({ outputFormat })
    const answer = await ask(id, 'bad')
    expect(answer).toMatchObject({
      status: 500,
      body: { error: { code: 'MESSAGE_SEND_FAILED', details: { reason: 'structured_output_failed' } } },
    })
    const { turnId } = answer.body.error.details
    const turn = (await call('GET', `/sessions/${id}/turns/${turnId}`)).body
    expect(turn).toMatchObject({ status: 'failed', costUsd: expect.any(Number) })
    expect(turn).not.toHaveProperty('structuredOutput')
    expect((await ask(id, 'good')).body.structuredOutput).toEqual({ answer: 42 })
  })
})
