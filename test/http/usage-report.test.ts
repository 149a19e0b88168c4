import { afterAll, expect, test } from 'vitest'
import { toUsageCsv } from '../../src/http/usage-csv.ts'
import type { UsageGroup } from '../../src/sessions/ports/index.ts'
import type { UsagePage } from '../../src/sessions/reports/usage.ts'
import { openDoor } from './open-door.ts'

const group = (values: string[], more: Partial<UsageGroup> = {}): UsageGroup => ({
  values,
  turns: 2,
  autonomousWork: 1,
  activeMs: 30,
  inputTokens: 4,
  outputTokens: 5,
  cacheReadInputTokens: 6,
  cacheCreationInputTokens: 7,
  webSearchRequests: 8,
  microUsd: 1_234_567,
  withoutTokens: 0,
  withoutCost: 1,
  ...more,
})
let page: UsagePage
const asked: unknown[] = []
const door = await openDoor({
  service: {
    usage: {
      get: async () => {
        throw new Error('not asked for')
      },
      report: async (_, query) => {
        asked.push(query)
        return page
      },
    },
  },
})
afterAll(() => door[Symbol.asyncDispose]())
const range = { from: '2026-03-01', to: '2026-03-31' }

test('rows have the fields that were asked for', async () => {
  page = { ...range, groupBy: ['day', 'key'], groups: [group(['2026-03-02', 'bot'])], nextCursor: null }
  const response = await door.call('/usage?groupBy=key,day&from=2026-03-01')
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({
    ...range,
    rows: [
      {
        day: '2026-03-02',
        key: 'bot',
        turns: 2,
        autonomousWork: 1,
        activeMs: 30,
        tokens: { inputTokens: 4, outputTokens: 5, cacheReadInputTokens: 6, cacheCreationInputTokens: 7 },
        tokensComplete: true,
        costUsd: 1.234567,
        costComplete: false,
        webSearchRequests: 8,
      },
    ],
    nextCursor: null,
  })
  expect(asked.at(-1)).toMatchObject({ groupBy: 'key,day', from: '2026-03-01' })
})

test('by model there are no turns, and a model that is not known is null', async () => {
  page = {
    ...range,
    groupBy: ['model'],
    groups: [group([''], { microUsd: -1 }), group(['large'])],
    nextCursor: null,
  }
  const { rows } = (await (await door.call('/usage?groupBy=model')).json()) as { rows: object[] }
  expect(rows).toMatchObject([{ model: null, costUsd: 0 }, { model: 'large' }])
  expect(rows[0]).not.toHaveProperty('turns')
})

test('CSV is sent where it is preferred or asked for, with the address of the next page', async () => {
  page = { ...range, groupBy: ['day', 'key'], groups: [group(['2026-03-02', 'a,"b"'])], nextCursor: 'next' }
  const expected =
    'day,key,turns,autonomousWork,activeMs,inputTokens,outputTokens,cacheReadInputTokens,' +
    'cacheCreationInputTokens,tokensComplete,costUsd,costComplete,webSearchRequests\r\n' +
    '2026-03-02,"a,""b""",2,1,30,4,5,6,7,true,1.234567,false,8\r\n'
  for (const [path, accept] of [
    ['/usage?groupBy=day,key', 'text/csv'],
    ['/usage?groupBy=day,key&format=csv', 'application/json'],
  ] as const) {
    const response = await door.call(path, { headers: { accept } })
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    expect(await response.text()).toBe(expected)
    const link = /^<(.+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1] ?? ''
    const next = new URL(link, door.origin)
    expect(next.pathname).toBe('/api/v1/usage')
    expect(Object.fromEntries(next.searchParams)).toEqual({
      ...range,
      groupBy: 'day,key',
      format: 'csv',
      limit: '1000',
      cursor: 'next',
    })
  }
  for (const accept of ['*/*', 'application/json', 'text/html']) {
    const response = await door.call('/usage?groupBy=day,key', { headers: { accept } })
    expect(response.headers.get('content-type')).toContain('application/json')
  }
})

test('a spreadsheet runs nothing of it', () => {
  const row = {
    tokens: { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
    tokensComplete: true,
    costUsd: 0,
    costComplete: true,
    webSearchRequests: 0,
  }
  for (const text of [
    '\u200b=4',
    '=1+1',
    '+1',
    '-1',
    '@SUM(1)',
    '\t=1',
    '\r=1',
    ' =1',
    '\n=1',
    '＝1',
    '=a,"b"',
  ]) {
    const [, ...lines] = toUsageCsv(['model'], [{ ...row, model: text }]).split('\r\n')
    expect(lines.join('\r\n'), text).toMatch(/^"?'/)
  }
  expect(toUsageCsv(['model'], [{ ...row, model: 'a-b=c' }])).toContain('\r\na-b=c,0')
  // Some separate cells at semicolons or tabs.
  for (const text of ['x;=1+1', 'x\t=1+1']) {
    expect(toUsageCsv(['model'], [{ ...row, model: text }])).toContain(`\r\n"${text}",0`)
  }
})

test.each([
  ['groupBy=day,day', 'groupBy'],
  ['groupBy=', 'groupBy'],
  ['groupBy=cost', 'groupBy'],
  ['from=2026-02-30', 'from'],
  ['to=tomorrow', 'to'],
  ['limit=0', 'limit'],
  ['key=', 'key'],
  ['format=xml', 'format'],
])('%s is refused', async (query, path) => {
  const response = await door.call(`/usage?${query}`)
  expect(response.status).toBe(400)
  expect(await response.text()).toContain(`"path":"${path}"`)
})
