import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { apiKey, openServer } from '../support/open-server.ts'

const metricsKey = 'a-key-for-metrics-alone'

/** The samples of an exposition, by name and labels. */
function parse(text: string): Map<string, number> {
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  )
}

test('a load is counted: requests, turns, tokens, writes; a key of its own opens the metrics and nothing else', async () => {
  const { api, base, createSession, ask, call } = await openServer({ metrics: { apiKeys: [metricsKey] } })
  const ids = await Promise.all([1, 2].map(() => createSession()))
  const asked = ids.flatMap(id => [1, 2, 3].map(() => ask(id, 'What is 6 times 7?')))
  for (const { status } of await Promise.all(asked)) expect(status).toBe(200)
  expect((await call('GET', `/sessions/${crypto.randomUUID()}`)).status).toBe(404)

  const get = (path: string, key: string) => fetch(base + path, { headers: { 'x-api-key': key } })
  const response = await get('/metrics', metricsKey)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; .*version=0\.0\.4/)
  const samples = parse(await response.text())
  const sampleOf = (name: string) => samples.get(`claude_code_api_${name}`) ?? Number.NaN
  expect(sampleOf('http_requests_total{operation="sendMessage",status="200"}')).toBe(6)
  expect(sampleOf('http_requests_total{operation="getSession",status="404"}')).toBe(1)
  expect(sampleOf('http_request_duration_seconds_count{operation="sendMessage"}')).toBe(6)
  expect(sampleOf('turns_total{outcome="completed",reason="end_turn"}')).toBe(6)
  expect(sampleOf('turn_first_delta_seconds_count')).toBe(6)
  expect(sampleOf('turn_queue_seconds_count')).toBe(6)
  // Three transactions a turn, one for the creation of each session.
  expect(sampleOf('store_write_duration_seconds_count{outcome="stored"}')).toBeGreaterThanOrEqual(18)
  expect(sampleOf('turns{state="running"}')).toBe(0)
  expect(sampleOf('slots{state="idle"}')).toBe(2)
  expect(sampleOf('event_loop_delay_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0)
  const tokens = [...samples].filter(([name]) => /tokens_total\{.*kind="output"\}/.test(name))
  expect(tokens.reduce((sum, [, value]) => sum + value, 0)).toBeGreaterThan(0)
  const costs = [...samples].filter(([name]) => name.includes('cost_usd_total'))
  expect(costs.reduce((sum, [, value]) => sum + value, 0)).toBeGreaterThan(0)

  expect((await get('/sessions', metricsKey)).status).toBe(403)
  expect((await get('/metrics', apiKey)).status).toBe(200)
  expect((await fetch(`${base}/metrics`)).status).toBe(401)
  // A host application can merge the registry into its own.
  const merged = await Registry.merge([new Registry(), api.metrics]).metrics()
  expect(parse(merged).get('claude_code_api_turns_total{outcome="completed",reason="end_turn"}')).toBe(6)
})
