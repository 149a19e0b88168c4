import { expect, onTestFinished, test } from 'vitest'
import type { JsonSchema } from './json-schema.ts'
import { SchemaChecks, type SchemaChecksOptions, TooManySchemaChecks } from './schema-checks.ts'

const deadlineMs = 300

function openChecks(options: Partial<SchemaChecksOptions> = {}): SchemaChecks {
  const checks = new SchemaChecks({ deadlineMs, ...options })
  onTestFinished(() => checks.rest())
  return checks
}

/** Each level refers to the next one twice: 2^levels steps to compile or to run. */
function doubling(levels: number): JsonSchema {
  const definitions = Object.fromEntries(
    Array.from({ length: levels }, (_, level) => {
      const $ref = `#/definitions/n${level + 1}`
      return [`n${level}`, { allOf: [{ $ref }, { $ref }] }]
    }),
  )
  return {
    type: 'object',
    properties: { a: { $ref: '#/definitions/n0' } },
    definitions: { ...definitions, [`n${levels}`]: { type: 'string' } },
  }
}

const simple = { type: 'object', properties: { answer: { type: 'integer' } } }
const backtracking = { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } }
const tooExpensive = { kind: 'too_expensive', message: `must not take longer than ${deadlineMs} ms to check` }

test('references that double with each level are refused', async () => {
  const checks = openChecks()
  expect(await checks.checkSchema(doubling(30))).toMatchObject({
    kind: 'flaw',
    path: [],
    message: expect.stringMatching(/expand to more than/),
  })
  const byName = JSON.parse(JSON.stringify(doubling(30)).replaceAll('#/definitions/n', '#n')) as {
    definitions: Record<string, JsonSchema>
  }
  for (const [name, schema] of Object.entries(byName.definitions)) schema.$id = `#${name}`
  expect(await checks.checkSchema(byName)).toMatchObject({ message: expect.stringMatching(/expand/) })
  expect(await checks.checkSchema(doubling(5))).toEqual({ kind: 'fits' })
})

test('a check that takes for ever is ended with its worker, and the next one works', async () => {
  const checks = openChecks()
  const hostile = checks.checkOutput(doubling(40), { a: 'x' })
  const next = checks.checkSchema(simple)
  expect(await hostile).toEqual(tooExpensive)
  expect(await next).toEqual({ kind: 'fits' })
  expect(checks.started).toBe(2)
})

test('a pattern that takes for ever is ended', async () => {
  const checks = openChecks()
  expect(await checks.checkSchema(backtracking)).toEqual({ kind: 'fits' })
  expect(await checks.checkOutput(backtracking, { a: `${'a'.repeat(60)}!` })).toEqual(tooExpensive)
  expect(await checks.checkOutput(backtracking, { a: 'aaa' })).toEqual({ kind: 'fits' })
  expect(checks.started).toBe(2)
})

test('a form that takes for ever is ended', async () => {
  const checks = openChecks()
  expect(await checks.checkForm(doubling(40), { a: 'x' })).toMatchObject({ kind: 'too_expensive' })
  expect(await checks.checkForm(simple, { answer: 'x' })).toEqual({
    kind: 'flaw',
    path: ['answer'],
    message: 'must be integer',
  })
})

test('references in a circle end', async () => {
  const checks = openChecks()
  const circle = { $ref: '#/definitions/a' }
  const schema = { properties: { x: circle }, definitions: { a: { allOf: [circle] } } }
  const verdict = await checks.checkForm(schema, { x: 1 })
  expect(['unusable', 'too_expensive']).toContain(verdict.kind)
  expect(await checks.checkForm(simple, { answer: 1 })).toEqual({ kind: 'fits' })
})

test('a schema that was found usable starts no worker again', async () => {
  const checks = openChecks()
  await checks.checkSchema(simple)
  await checks.rest()
  expect(await checks.checkSchema({ ...simple })).toEqual({ kind: 'fits' })
  expect(checks.started).toBe(1)
})

test('what is wrong is found each time', async () => {
  const checks = openChecks()
  for (let time = 0; time < 2; time++) {
    expect(await checks.checkSchema({ type: 'bogus' })).toMatchObject({ kind: 'flaw', path: ['type'] })
  }
})

test('no more schemas wait than may', async () => {
  const checks = openChecks({ maxWaiting: 2 })
  const waiting = [{ a: {} }, { b: {} }].map(properties => checks.checkSchema({ type: 'object', properties }))
  await expect(checks.checkSchema(simple)).rejects.toThrow(TooManySchemaChecks)
  await Promise.all(waiting)
  expect(await checks.checkSchema(simple)).toEqual({ kind: 'fits' })
})
