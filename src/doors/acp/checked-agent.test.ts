import { type AnyMessage, agent, methods } from '@agentclientprotocol/sdk'
import { afterEach, expect, test, vi } from 'vitest'
import { withChecks } from './checked-agent.ts'

const printed = (['error', 'warn', 'log', 'info'] as const).map(level => vi.spyOn(console, level))
afterEach(() => {
  for (const print of printed) print.mockReset()
})

function open() {
  const cancelled: string[] = []
  const answers: unknown[] = []
  const app = agent({ name: 'test' })
    .onNotification(methods.agent.session.cancel, ({ params }) => void cancelled.push(params.sessionId))
    .onRequest(methods.agent.session.list, async ({ client }) => {
      const asked = client.request('ask', {})
      answers.push(await asked.catch((error: Error) => error.message))
      return { sessions: [] }
    })
  const [toAgent, toClient] = [new TransformStream<AnyMessage>(), new TransformStream<AnyMessage>()]
  withChecks(app).connect({ readable: toAgent.readable, writable: toClient.writable })
  const writer = toAgent.writable.getWriter()
  const reader = toClient.readable.getReader()
  const say = (message: object) => writer.write({ jsonrpc: '2.0', ...message } as never)
  const hear = async () => (await reader.read()).value as { id?: unknown; error?: { code: number } }
  return { say, hear, cancelled, answers, writer }
}

test('nothing of a message is printed, whatever it says', async () => {
  const { say, hear, writer, cancelled } = open()
  const forged = 'x\n{"level":30,"msg":"FORGED"}'
  for (const id of [forged, 999, null, {}, [forged]]) await say({ id, result: {} })
  for (const message of [{ result: {} }, { error: forged }, { id: forged, result: 1, error: 2 }]) {
    await say(message)
  }
  for (const params of [undefined, 5, [], {}, { sessionId: 5, [forged]: forged }]) {
    await say({ method: 'session/cancel', params })
  }
  for (const method of [forged, 'session/prompt', '$/cancel_request']) {
    await say({ method, params: { requestId: forged } })
  }
  await say({ method: 'session/cancel', params: { sessionId: 'open', _meta: 5 } })
  await say({ id: 7, method: forged })
  expect(await hear()).toMatchObject({ id: 7, error: { code: -32_601 } })
  // Answered as ever, because they are no messages.
  for (const flaw of [5, null, [], { [forged]: 1 }, { id: 8, method: 5 }, { id: {}, method: 'x' }]) {
    await writer.write(flaw as never)
    expect(await hear()).toMatchObject({ id: null, error: { code: -32_600 } })
  }
  expect(cancelled).toEqual(['open'])
  expect(printed.flatMap(print => print.mock.calls)).toEqual([])
})

test('responses to what was asked arrive once', async () => {
  const { say, hear, answers } = open()
  for (const given of [{ result: 'yes' }, { result: 1, error: 2 }]) {
    await say({ id: 1, method: 'session/list', params: {} })
    const { id } = await hear()
    await say({ id, ...given })
    await say({ id, ...given })
    expect(await hear()).toMatchObject({ id: 1, result: { sessions: [] } })
  }
  expect(answers).toEqual(['yes', 'Invalid request'])
  expect(printed.flatMap(print => print.mock.calls)).toEqual([])
})

test('the connection ends with its stream', async () => {
  const { say, hear, writer } = open()
  await say({ id: 1, method: 'session/list', params: {} })
  await hear()
  await writer.close()
  await expect(say({ id: 2, method: 'x' })).rejects.toThrow()
})
