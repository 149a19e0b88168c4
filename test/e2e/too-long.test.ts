import { expect, test } from 'vitest'
import { apiError, text } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'

const failedFor = (reason: string, message: unknown = expect.any(String)) => ({
  status: 500,
  body: { error: { code: 'MESSAGE_SEND_FAILED', message, details: { reason }, retryable: false } },
})

test.each([
  ['3 MB', 3_000_000],
  ['9.9 MB', 9_900_000],
])('a prompt of %s is too long, and the session works on', async (_, length) => {
  const { createSession, ask, call, model } = await openServer({ record: true })
  const id = await createSession()
  const answer = await ask(id, 'x'.repeat(length))
  expect(answer).toMatchObject(failedFor('prompt_too_long', expect.not.stringContaining('API')))
  const { turnId } = answer.body.error.details
  expect((await call('GET', `/sessions/${id}/turns/${turnId}`)).body).toMatchObject({
    status: 'failed',
    ending: { terminalReason: 'blocking_limit' },
  })
  const sent = model.requests.length
  model.script('short', text('Works'))
  expect(await ask(id, 'short')).toMatchObject({ status: 200, body: { response: 'Works' } })
  const texts = model.requests.slice(sent).map(({ body }) => JSON.stringify(body))
  // Not even to be summarised.
  expect(texts.filter(body => body.includes('xxxxxxxx'))).toEqual([])
  expect(texts.at(-1)).toContain('short')
})

const tooLarge = apiError(413)
const tooLong = apiError(400, { message: 'prompt is too long: 250000 tokens > 200000 maximum' })
const image = {
  type: 'image',
  source: {
    type: 'base64',
    media_type: 'image/png',
    data: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  },
}

test.each([
  ['413', tooLarge, 'prompt_too_long', "The request is larger than the model's API accepts"],
  ['400, too many tokens', tooLong, 'prompt_too_long', expect.any(String)],
  ['400, not valid', apiError(400), 'invalid_request', "The model's API refused the request as invalid"],
])(
  'what the model’s API refuses with %s does not make the next turns fail',
  async (_, refusal, reason, message) => {
    const { createSession, ask, call, model } = await openServer({ record: true })
    const id = await createSession()
    // Whatever holds the prompt is refused, as by the real API.
    const isPoisoned = () => JSON.stringify(model.requests.at(-1)?.body).includes('poison')
    model.script(
      () => true,
      () => (isPoisoned() ? refusal : text('Works')),
    )
    for (const prompt of [
      'poison',
      [{ type: 'text', text: 'poison' }, ...Array.from({ length: 5 }, () => image)],
    ]) {
      expect(await call('POST', `/sessions/${id}/messages`, { prompt })).toMatchObject(
        failedFor(reason, message),
      )
      expect(await ask(id, 'short')).toMatchObject({ status: 200, body: { response: 'Works' } })
    }
    const { body } = await call('GET', `/sessions/${id}/turns`)
    expect(body.turns.map(({ status }: { status: string }) => status)).toEqual([
      'failed',
      'completed',
      'failed',
      'completed',
    ])
    // Forking and rewinding know of it.
    const [first, second] = body.turns
    expect((await call('POST', `/sessions/${id}/rewind`, { toTurnId: body.turns[2].turnId })).status).toBe(
      200,
    )
    expect((await call('POST', `/sessions/${id}/fork`, {})).status).toBe(201)
    expect((await call('POST', `/sessions/${id}/rewind`, { toTurnId: second.turnId })).status).toBe(200)
    expect((await call('POST', `/sessions/${id}/rewind`, { toTurnId: first.turnId })).status).toBe(200)
    expect(await ask(id, 'short')).toMatchObject({ status: 200, body: { response: 'Works' } })
  },
)
