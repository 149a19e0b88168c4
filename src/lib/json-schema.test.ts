import { describe, expect, test } from 'vitest'
import { findFormFlaw, findOutputFlaw, findSchemaFlaw } from './json-schema.ts'

describe('a JSON Schema for output', () => {
  test.each([
    [{ type: 'bogus' }, ['type']],
    [{ type: 'object', bogusKeyword: 1 }, []],
    [{ type: 'object', properties: { a: { $ref: 'https://example.com/x.json' } } }, []],
    [{ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' }, []],
    [{ type: 'object', properties: { a: { pattern: '(' } } }, []],
    [{ type: 'object', properties: { a: { enum: 'x' } } }, ['properties', 'a', 'enum']],
    // Draft 7 has lists of items, draft 2020-12 does not.
    [{ type: 'object', properties: { 'a/b': { items: [{}] } } }, ['properties', 'a/b', 'items']],
  ])('%j cannot be used', (schema, path) => {
    expect(findSchemaFlaw(schema)).toEqual({ path, message: expect.stringMatching(/JSON Schema/) })
  })

  test.each([
    { type: 'object' },
    { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object' },
    { $id: 'x', type: 'object', properties: { a: { $ref: '#/definitions/b' } }, definitions: { b: {} } },
    { $id: 'x', type: 'object', properties: { tree: { $ref: '#' } } },
    { type: 'object', properties: { a: { oneOf: [{ const: 1 }, { type: 'string', format: 'odd' }] } } },
  ])('%j can be used, also a second time', schema => {
    expect(findSchemaFlaw(schema)).toBeUndefined()
    expect(findSchemaFlaw({ ...schema })).toBeUndefined()
  })

  test('says what is wrong with a value', () => {
    const schema = { type: 'object', properties: { answer: { type: 'integer' } }, required: ['answer'] }
    expect(findOutputFlaw(schema, { answer: 42 })).toBeUndefined()
    expect(findOutputFlaw(schema, { answer: 'x' })).toEqual({ path: ['answer'], message: 'must be integer' })
  })
})

describe('a JSON Schema of a form', () => {
  const properties = {
    'a/b~c': { type: 'array', items: { enum: ['x', 1] } },
    name: { type: 'string', pattern: '^(a+)+$', unknownKeyword: 1 },
    size: { oneOf: [{ const: 's' }, { const: 'l' }] },
  }
  const $schema = 'https://json-schema.org/draft/2020-12/schema'
  const form = { $schema, type: 'object', properties, additionalProperties: false }

  test.each([
    [{ other: 1 }, ['other'], 'is not a field of the schema'],
    [{ 'a/b~c': ['x', 'y'] }, ['a/b~c', '1'], 'must be one of "x", 1'],
    [{ size: 'm' }, ['size'], 'must match exactly one schema in oneOf'],
    [null, [], 'must be object'],
  ])('says what is wrong with %j, and where', (value, path, message) => {
    expect(findFormFlaw(form, value)).toEqual({ path, message })
  })

  test('requires what the value itself has', () => {
    expect(findFormFlaw({ required: ['constructor'] }, {})).toEqual({
      path: ['constructor'],
      message: 'is required',
    })
  })

  test('does not try patterns', () => {
    expect(findFormFlaw(form, { name: `${'a'.repeat(100)}!`, size: 's' })).toBeUndefined()
  })

  test('names some of many choices', () => {
    const choices = Array.from({ length: 1_000 }, (_, index) => `choice ${index}`)
    const flaw = findFormFlaw({ properties: { a: { enum: choices } } }, { a: 'none' })
    expect(flaw?.message).toMatch(/^must be one of "choice 0", .*, \.\.\.$/)
    expect(flaw?.message.length).toBeLessThan(500)
  })
})
