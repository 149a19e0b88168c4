import { expect, test } from 'vitest'
import { toMicroDollars } from './micro-dollars.ts'

test.each([
  [0.1 + 0.2, 0.3],
  [0.006375000000000001, 0.006375],
  [0.00000049, 0],
  [1234.5678905, 1234.567891],
  [0, 0],
])('%d is %d', (cost, rounded) => expect(toMicroDollars(cost)).toBe(rounded))
