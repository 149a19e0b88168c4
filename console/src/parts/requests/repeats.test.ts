import { expect, test } from 'vitest'
import { repeats } from './repeats.ts'

test.each([
  ['List the tests', { command: 'ls', description: 'List the tests' }, true],
  ['src/a.ts', { file_path: '/home/a/src/a.ts' }, true],
  ['~/src/a.ts', { file_path: '/home/a/src/a.ts' }, true],
  ['a.ts', { file_path: '/home/a/src/aa.ts' }, false],
  ['Removes everything', { command: 'rm -r /', description: 'List the tests' }, false],
  ['/', { file_path: '/home/a/' }, false],
  [null, { command: 'ls' }, false],
])('whether the input repeats %j', (description, input, expected) => {
  expect(repeats(input, description)).toBe(expected)
})
