import { expect, test } from 'vitest'
import { ClientHooks } from './client-hooks.ts'
import { mergeOutputs } from './hook-outputs.ts'
import { ToolNames } from './tool-names.ts'

const { signal } = new AbortController()
const none = new ToolNames([])
const calc = new ToolNames(['calc'])
const context = (additionalContext: string) => async () => ({
  hookSpecificOutput: { hookEventName: 'PreToolUse' as const, additionalContext },
})
const call = (tool_name: string) => ({
  event: 'PreToolUse',
  input: { tool_name, tool_input: {} },
  toolUseId: 'x',
})

test('hooks are declared once for each event, with the matcher where that is enough', () => {
  const hooks = [async () => ({})]
  const declare = (groups: object[], names = none) =>
    new ClientHooks({ PreToolUse: groups as never }, names).declare()
  const timeoutMs = 65_000
  expect(declare([{ matcher: 'Bash', hooks }])).toEqual({ PreToolUse: [{ matcher: 'Bash', timeoutMs }] })
  expect(declare([{ matcher: 'Bash', hooks }], calc)).toEqual({ PreToolUse: [{ timeoutMs }] })
  const several = [
    { matcher: 'Bash', hooks, timeout: 2 },
    { matcher: 'Read', hooks, timeout: 120, onFailure: 'block' },
  ]
  expect(declare(several)).toEqual({ PreToolUse: [{ timeoutMs: 125_000, onFailure: 'block' }] })
  expect(new ClientHooks(undefined, none).declare()).toBeUndefined()
})

test.each([
  ['Bash', 'one'],
  ['BashOutput', ''],
  ['Edit', 'two'],
  ['mcp__client__calc__add', 'three'],
  ['Agent', 'four'],
])('of %s the hooks whose matcher fits decide', async (name, expected) => {
  const hooks = new ClientHooks(
    {
      PreToolUse: [
        { matcher: 'Bash', hooks: [context('one')] },
        { matcher: 'Write|Edit', hooks: [context('two')] },
        { matcher: '^mcp__calc__', hooks: [context('three')] },
        { matcher: 'Task', hooks: [context('four')] },
      ],
    },
    calc,
  )
  const output = await hooks.decide(call(name), 's', signal)
  const { additionalContext = '' } = (output.hookSpecificOutput ?? {}) as { additionalContext?: string }
  expect(additionalContext).toBe(expected)
})

test('a hook that fails decides nothing, unless it blocks', async () => {
  const fail = async () => {
    throw new Error('my fault')
  }
  const decide = (onFailure: 'continue' | 'block') =>
    new ClientHooks({ PreToolUse: [{ hooks: [fail, context('one')], onFailure }] }, none).decide(
      call('Bash'),
      's',
      signal,
    )
  expect(await decide('continue')).toMatchObject({ hookSpecificOutput: { additionalContext: 'one' } })
  await expect(decide('block')).rejects.toThrow('my fault')
})

test('a hook is not waited for once its request is over', async () => {
  const over = AbortSignal.abort(new Error('over'))
  const decide = (onFailure: 'continue' | 'block') =>
    new ClientHooks({ PreToolUse: [{ hooks: [() => new Promise(() => {})], onFailure }] }, none).decide(
      call('Bash'),
      's',
      over,
    )
  expect(await decide('continue')).toEqual({})
  await expect(decide('block')).rejects.toThrow('over')
})

test('of several outputs the strictest decision counts, and all contexts', () => {
  const hookEventName = 'PreToolUse' as const
  const merged = mergeOutputs('PreToolUse', [
    { hookSpecificOutput: { hookEventName, permissionDecision: 'allow', additionalContext: 'one' } },
    {
      continue: false,
      stopReason: 'enough',
      hookSpecificOutput: { hookEventName, permissionDecision: 'deny', permissionDecisionReason: 'no' },
    },
    { systemMessage: 'look', hookSpecificOutput: { hookEventName, additionalContext: 'two' } },
  ])
  expect(merged).toEqual({
    continue: false,
    stopReason: 'enough',
    systemMessage: 'look',
    hookSpecificOutput: {
      hookEventName,
      permissionDecision: 'deny',
      permissionDecisionReason: 'no',
      additionalContext: 'one\ntwo',
    },
  })
})
