import { describe, expect, it } from 'vitest'
import { type ErrorBody, openDoor } from './open-door.ts'

/** More than one answer may ever have for a body that is wrong. */
const longestAnswer = 64 * 1024
const fields = (count: number, value = '1') =>
  `{${Array.from({ length: count }, (_, index) => `"unknown${index}":${value}`).join()}}`

interface Case {
  name: string
  body: string | Buffer<ArrayBuffer>
  message: RegExp
}

const beyondBounds: Case[] = [
  {
    name: '10 MB of opening brackets',
    body: '['.repeat(10_000_000),
    message: /nested deeper than \d+ levels/,
  },
  { name: 'objects in objects', body: '{"a":'.repeat(500_000), message: /nested deeper than \d+ levels/ },
  { name: '130,000 unknown fields', body: fields(130_000), message: /at most \d+ values and keys/ },
  { name: '50,000 unknown fields', body: fields(50_000), message: /at most \d+ values and keys/ },
  {
    name: 'the same key a million times',
    body: `{${Array(1_000_000).fill('"a":1').join()}}`,
    message: /at most \d+ values and keys/,
  },
  {
    name: 'a million numbers',
    body: `[${Array(1_000_000).fill('1').join()}]`,
    message: /at most \d+ values/,
  },
  { name: 'empty objects', body: `[${Array(200_000).fill('{}').join()}]`, message: /at most \d+ values/ },
  { name: 'a number of a megabyte', body: '1'.repeat(1_000_000), message: /a number must have at most/ },
  { name: 'an exponent of a megabyte', body: `1e${'9'.repeat(1_000_000)}`, message: /a number must have/ },
]

const post = (body: string | Buffer<ArrayBuffer>, type = 'application/json') => ({
  method: 'POST',
  body,
  headers: { 'content-type': type },
})

describe.each([false, true])('a body, openApiValidation %s', enabled => {
  const config = { openApiValidation: { enabled } }

  it.each(beyondBounds)('of $name is refused before it is parsed', async ({ body, message }) => {
    await using door = await openDoor({ config })
    const response = await door.call('/sessions', post(body))
    const text = await response.text()
    expect(response.status).toBe(400)
    expect(text.length).toBeLessThan(2_000)
    expect((JSON.parse(text) as ErrorBody).error).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { issues: [{ path: '', message: expect.stringMatching(message) }] },
    })
  })

  it('of 10,000 wrong fields names the first hundred and counts the rest', async () => {
    await using door = await openDoor({ config })
    const cases = [
      fields(10_000),
      JSON.stringify({ mcpServers: JSON.parse(fields(5_000, '{"type":"http","url":7}')) }),
      JSON.stringify({ agents: JSON.parse(fields(5_000, '7')) }),
    ]
    for (const body of cases) {
      const response = await door.call('/sessions', post(body))
      const text = await response.text()
      expect(response.status).toBe(400)
      expect(text.length).toBeLessThan(longestAnswer)
      const { issues, omittedIssues } = (JSON.parse(text) as ErrorBody).error.details as {
        issues: unknown[]
        omittedIssues: number
      }
      expect(issues).toHaveLength(100)
      expect(omittedIssues).toBeGreaterThan(1_000)
    }
  })

  it('is not echoed: names of a megabyte are cut', async () => {
    await using door = await openDoor({ config })
    const name = 'n'.repeat(1_000_000)
    const bodies = [
      { [name]: 1 },
      { metadata: { [`${name}\0`]: 1 } },
      { mcpServers: { [name]: { type: 'http', url: 'http://x' } } },
      { agentEnv: { [name]: 'x' } },
      { agents: { [name]: 7 } },
      { permissionMode: name },
      { outputFormat: { type: 'json_schema', schema: { type: 'object', [name]: 1 } } },
      { tools: [name] },
    ]
    for (const body of bodies) {
      const response = await door.call('/sessions', post(JSON.stringify(body)))
      const text = await response.text()
      expect(response.status).toBe(400)
      expect(text.length).toBeLessThan(5_000)
    }
  })
})

it('a body that is not UTF-8 by its own word is refused: its bytes cannot be counted', async () => {
  await using door = await openDoor()
  const body = Buffer.from(JSON.stringify({ title: '∀'.repeat(10) }), 'utf16le')
  const response = await door.call('/sessions', post(body, 'application/json; charset=utf-16le'))
  expect(response.status).toBe(415)
})
