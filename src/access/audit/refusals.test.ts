import { expect, test } from 'vitest'
import { type Refusal, Refusals } from './refusals.ts'

function refusal(fields: Partial<Refusal> = {}): Refusal {
  return {
    ...{ tenantId: 'acme', keyId: 'k', name: null, action: 'file.read', outcome: 'refused' },
    ...{ errorCode: 'FILE_NOT_FOUND', sessionId: 's', turnId: null, address: '192.0.2.1', requestId: 'r' },
    details: { path: 'a' },
    ...fields,
  }
}

test('the first of a kind is an entry at once, the others are counted until the period ends', () => {
  const refusals = new Refusals()
  expect(refusals.add(refusal())).toEqual(refusal())
  for (let count = 0; count < 3; count++) expect(refusals.add(refusal())).toBeUndefined()
  expect(refusals.add(refusal({ errorCode: 'PATH_NOT_ALLOWED' }))).toBeDefined()
  expect(refusals.end()).toEqual([{ ...refusal(), requestId: null, count: 3 }])
  expect(refusals.end()).toEqual([])
  expect(refusals.add(refusal())).toBeDefined()
})

test('what counted requests do not have in common is left out', () => {
  const refusals = new Refusals()
  refusals.add(refusal())
  refusals.add(refusal({ sessionId: 'other' }))
  refusals.add(refusal({ details: { path: 'b' } }))
  refusals.add(refusal())
  expect(refusals.end()).toEqual([{ ...refusal(), sessionId: null, details: {}, requestId: null, count: 3 }])
})

test('callers with countless kinds get few entries, and do not hide those of other tenants', () => {
  const refusals = new Refusals()
  let entries = 0
  for (let count = 0; count < 10_000; count++)
    if (refusals.add(refusal({ tenantId: null, address: String(count) }))) entries++
  expect(entries).toBe(200)
  expect(refusals.add(refusal())).toBeDefined()
  expect(refusals.end()).toMatchObject([
    { tenantId: null, action: 'other', outcome: 'refused', address: null, count: 9_800 },
  ])
})
