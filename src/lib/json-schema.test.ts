import { describe, expect, test } from 'vitest'
import { compileJsonSchema } from './json-schema.ts'

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
