import { expect, test } from 'vitest'
import { checkHookOutput } from './hook-output.ts'

test.each([
  ['PreCompact', { continue: false }, 'output.continue: cannot be false'],
  ['PreCompact', { decision: 'block' as const }, 'output.decision: means nothing at PreCompact'],
  ['SubagentStart', { decision: 'block' as const }, 'output.decision: means nothing at SubagentStart'],
] as const)('at %s, %o is refused by its name', (event, output, text) => {
  expect(() => checkHookOutput(event, output)).toThrow(text)
})

test.each([
  ['PreToolUse', { continue: false, stopReason: 'enough' }],
  ['PreCompact', { continue: true, systemMessage: 'soon' }],
] as const)('at %s, %o is right', (event, output) => {
  expect(() => checkHookOutput(event, output)).not.toThrow()
})
