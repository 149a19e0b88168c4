import { describe, expect, test } from 'vitest'
import { openDoor, readIssuePaths } from './open-door.ts'

const object = { type: 'object' }
const nested = (levels: number): object =>
  levels === 0 ? object : { ...object, properties: { a: nested(levels - 1) } }

describe('a schema of outputFormat that the model or its API refuses is a 400 that names the place', () => {
  test.each([
    ['a union at the top', { ...object, oneOf: [object] }, 'oneOf'],
    ['alternatives at the top', { ...object, anyOf: [object] }, 'anyOf'],
    ['a conjunction at the top', { ...object, allOf: [object] }, 'allOf'],
    ['a reference at the top', { ...object, $ref: '#/definitions/a', definitions: { a: object } }, '$ref'],
    ['a blank in a name', { ...object, properties: { fine: {}, 'first name': {} } }, 'properties.first name'],
    [
      'a name that is too long',
      { ...object, properties: { ['n'.repeat(65)]: {} } },
      `properties.${'n'.repeat(65)}`,
    ],
    ['an empty name', { ...object, properties: { '': {} } }, 'properties.'],
    ['no type', { properties: {} }, undefined],
    ['a list of types', { type: ['object'] }, undefined],
    ['too many levels', nested(20), undefined],
    ['too many values', { ...object, enum: Array(20_000).fill(1) }, undefined],
    ['too many bytes', { ...object, description: 'x'.repeat(70_000) }, undefined],
  ])('%s', async (_name, schema, place) => {
    await using door = await openDoor()
    const response = await door.post('/sessions', { outputFormat: { type: 'json_schema', schema } })
    expect(response.status).toBe(400)
    const path = ['outputFormat.schema', place].filter(part => part !== undefined).join('.')
    expect(await readIssuePaths(response)).toEqual([path])
  })
})
