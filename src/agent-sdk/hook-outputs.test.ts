import type { SyncHookJSONOutput } from '@anthropic-ai/claude-agent-sdk'
import { expect, test } from 'vitest'
import { toServerOutput } from './hook-outputs.ts'

const specific = (hookEventName: string, fields: object) =>
  ({ hookSpecificOutput: { hookEventName, ...fields } }) as SyncHookJSONOutput
const event = 'PostToolUse'

test.each([
  ['mcp__client__calc__add', { updatedMCPToolOutput: 'new' }, { updatedToolOutput: 'new' }],
  ['mcp__a__b', { updatedMCPToolOutput: 'new', updatedToolOutput: 'own' }, { updatedToolOutput: 'own' }],
  ['Bash', { updatedMCPToolOutput: 'new' }, {}],
])('of %s the new output %j is %j', (tool, fields, expected) => {
  expect(toServerOutput(event, tool, specific(event, fields))).toEqual({
    output: specific(event, expected),
  })
})

test('a hook does not stop a compaction, as in Claude Code', () => {
  const given = { continue: false, systemMessage: 'soon' }
  expect(toServerOutput('PreCompact', 'PreCompact', given).output).toEqual({ systemMessage: 'soon' })
  expect(toServerOutput('Stop', 'Stop', given).output).toEqual(given)
})

test('a hook of a prompt gives the session a title', () => {
  const fields = { additionalContext: 'x', suppressOriginalPrompt: false }
  const given = { ...specific('UserPromptSubmit', { ...fields, sessionTitle: 'T' }), terminalSequence: '' }
  const output = specific('UserPromptSubmit', { additionalContext: 'x' })
  expect(toServerOutput('UserPromptSubmit', 'UserPromptSubmit', given)).toEqual({ output, title: 'T' })
})

test.each([
  ['UserPromptSubmit', { suppressOriginalPrompt: true }, 'suppressOriginalPrompt'],
  ['PostToolUse', { classifierContext: 'x' }, 'classifierContext'],
  ['PreToolUse', { permissionDecision: 'defer' }, 'permissionDecision "defer"'],
])('at %s %j is refused by name', (name, fields, field) => {
  const refused = () => toServerOutput(name, 'Bash', specific(name, fields))
  expect(refused).toThrow(`hooks.${name}: hookSpecificOutput.${field} is not supported`)
})
