import { expect, test } from 'vitest'
import { findNodeFault } from './node-version.ts'

test.each(['18.20.4', '20.20.2', '22.17.1', '21.9.0'])('%s is too old', version => {
  expect(findNodeFault(version)).toBe(`Node 22.18 or later is required; this is ${version}`)
})

test.each(['22.18.0', '22.20.1', '23.0.0', '24.21.0'])('%s is new enough', version => {
  expect(findNodeFault(version)).toBeUndefined()
})
