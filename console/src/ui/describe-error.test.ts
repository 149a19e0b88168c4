import { expect, test } from 'vitest'
import { ApiError } from '../../../src/client/index.ts'
import { describeError } from './describe-error.ts'

const refused = (code: ApiError['code'], details: Record<string, unknown>) =>
  describeError(
    new ApiError('as the API says it', { code, status: 400, details, retryable: false, retry: 'never' }),
  )

test.each([
  [
    { path: 'tags[0]', message: 'Too big: expected string to have <=50 characters' },
    'Tags, number 1: at most 50 characters',
  ],
  [
    { path: 'title', message: 'Too small: expected string to have >=1 characters' },
    'Title: must not be empty',
  ],
  [{ path: 'maxBudgetUsd', message: 'Too small: expected number to be >0' }, 'Budget: more than 0'],
  [{ path: 'other.field', message: 'must be a name' }, 'other.field: must be a name'],
])('the fault of a field is named once, in the words of the page', (issue, expected) => {
  const { title, advice } = refused('INVALID_REQUEST', { issues: [issue] })
  expect(title).toBe('The server did not accept this')
  expect(advice).toBe(expected)
})

test('a mode that is off goes by its name on the page', () => {
  const { title } = refused('PERMISSION_MODE_NOT_ALLOWED', { permissionMode: 'bypassPermissions' })
  expect(title).toBe('“Allow everything” is off on this server')
})

test('other errors stay as the API says them', () => {
  expect(refused('SESSION_NOT_FOUND', {})).toEqual({ title: 'as the API says it', advice: null })
})
