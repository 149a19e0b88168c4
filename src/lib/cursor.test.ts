import { expect, test } from 'vitest'
import { readCursor, toCursor } from './cursor.ts'

const list = ['permissions', 's', 'pending']
const key = [1_700_000_000_000, 'b2c6a8e0-0000-4000-8000-000000000000']

test('a cursor is read back for the list that it was made for', () => {
  expect(readCursor(list, toCursor(list, key))).toEqual(key)
})

test.each([
  ['of another session', toCursor(['permissions', 't', 'pending'], key)],
  ['of another list', toCursor(['tasks', 's', 'pending'], key)],
  ['with another filter', toCursor(['permissions', 's', 'all'], key)],
  ['that was changed', Buffer.from(JSON.stringify([1, key[1], 'x'])).toString('base64url')],
  ['with more behind it', `${toCursor(list, key)}!`],
  ['that is cut', toCursor(list, key).slice(0, -1)],
  ['without anything', ''],
  ['that is a number', Buffer.from('5').toString('base64url')],
  ['that is plain text', 'next'],
])('a cursor %s is none', (_, cursor) => {
  expect(readCursor(list, cursor)).toBeUndefined()
})
