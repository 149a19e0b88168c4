import { expect, test } from 'vitest'
import { isClientTool, toClientTool, toShownTool } from './client-requests.ts'
import { isPreset } from './session-configuration.ts'

test.each([
  ['mcp__client__find', true, 'find'],
  ['mcp__clients__find', false, 'mcp__clients__find'],
  ['find', false, 'find'],
])('%s is a tool of the caller: %s', (name, isOfClient, shown) => {
  expect([isClientTool(name), toShownTool(name)]).toEqual([isOfClient, shown])
  expect(toShownTool(toClientTool(shown))).toBe(shown)
})

test.each([
  [null, 'reviewer', false],
  [{ name: 'reviewer', version: 2 }, 'reviewer', true],
  [{ name: 'reviewer', version: 2 }, 'reviewer@2', true],
  [{ name: 'reviewer', version: 2 }, 'reviewer@3', false],
  [{ name: 'writer', version: 2 }, 'reviewer@2', false],
])('a session of %j is one of %s: %s', (used, reference, is) => {
  expect(isPreset(used, reference)).toBe(is)
})
