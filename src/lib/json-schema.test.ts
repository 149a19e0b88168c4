import { describe, expect, test } from 'vitest'
import { compileJsonSchema, findFlawByForeignSchema } from './json-schema.ts'

describe('a JSON Schema', () => {
  test('says what is wrong with a value', () => {
    const schema = { type: 'object', properties: { answer: { type: 'integer' } }, required: ['answer'] }
    const check = compileJsonSchema(schema)
    expect(check.findFlaw({ answer: 42 })).toBeUndefined()
    expect(check.findFlaw({ answer: 'x' })).toBe('root/answer must be integer')
    expect(compileJsonSchema(schema)).toBe(check)
  })

  test.each([
    [{ type: 'bogus' }],
    [{ type: 'object', bogusKeyword: 1 }],
    [{ type: 'object', properties: { a: { $ref: 'https://example.com/x.json' } } }],
    [{ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' }],
    [{ type: 'object', properties: { a: { pattern: '(' } } }],
  ])('%j is none', schema => {
    expect(() => compileJsonSchema(schema)).toThrow()
  })

  test('two of them may have the same name, and may refer within themselves', () => {
    const nested = {
      $id: 'x',
      type: 'object',
      properties: { a: { $ref: '#/definitions/b' } },
      definitions: { b: {} },
    }
    for (const schema of [nested, { ...nested }])
      expect(compileJsonSchema(schema).findFlaw({ a: 1 })).toBeUndefined()
  })
})

describe('a JSON Schema of strangers', () => {
  const properties = {
    'a/b~c': { type: 'array', items: { enum: ['x', 1] } },
    name: { type: 'string', pattern: '^(a+)+$', unknownKeyword: 1 },
    size: { oneOf: [{ const: 's' }, { const: 'l' }] },
  }
  const $schema = 'https://json-schema.org/draft/2020-12/schema'
  const form = { $schema, type: 'object', properties, additionalProperties: false }

  test.each([
    [{ other: 1 }, ['other'], 'is not asked for'],
    [{ 'a/b~c': ['x', 'y'] }, ['a/b~c', '1'], 'must be one of "x", 1'],
    [{ size: 'm' }, ['size'], 'must match exactly one schema in oneOf'],
    [null, [], 'must be object'],
  ])('says what is wrong with %j, and where', (value, path, message) => {
    expect(findFlawByForeignSchema(form, value)).toEqual({ path, message })
  })

  test('requires what the value itself has', () => {
    const flaw = { path: ['constructor'], message: 'is required' }
    expect(findFlawByForeignSchema({ required: ['constructor'] }, {})).toEqual(flaw)
  })

  test('does not make anybody wait for its patterns', () => {
    expect(findFlawByForeignSchema(form, { name: `${'a'.repeat(100)}!`, size: 's' })).toBeUndefined()
  })
})
