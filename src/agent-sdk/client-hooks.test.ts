import type { HookEvent } from '@anthropic-ai/claude-agent-sdk'
import { expect, test, vi } from 'vitest'
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
  // Without an answer the call does not run, as with the SDK.
  const onFailure = 'block'
  expect(declare([{ matcher: 'Bash', hooks }])).toEqual({
    PreToolUse: [{ matcher: 'Bash', timeoutMs, onFailure }],
  })
  expect(declare([{ matcher: 'Bash', hooks }], calc)).toEqual({ PreToolUse: [{ timeoutMs, onFailure }] })
  const several = [
    { matcher: 'Bash', hooks, timeout: 2 },
    { matcher: 'Read', hooks, timeout: 120 },
  ]
  expect(declare(several)).toEqual({ PreToolUse: [{ timeoutMs: 125_000, onFailure }] })
  const stopping = { Stop: [{ hooks, onFailure: 'block' as const }] }
  expect(new ClientHooks(stopping, none).declare()).toEqual({ Stop: [{ timeoutMs }] })
  const prompted = { UserPromptSubmit: [{ matcher: 'x', hooks }] }
  expect(new ClientHooks(prompted, none).declare()).toEqual({ UserPromptSubmit: [{ timeoutMs, onFailure }] })
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

test.each([
  ['Write,Edit', true],
  ['Read, Edit ,Write', true],
  ['Write | Edit', true],
  ['Read Edit', false],
  ['Notebook, Ed', false],
  ['Bash, mcp__some-server__Edit', false],
  ['^(Read|Edit)$', true],
])('the matcher %s fits Edit: %s', async (matcher, fits) => {
  const hooks = new ClientHooks({ PreToolUse: [{ matcher, hooks: [context('one')] }] }, calc)
  const output = await hooks.decide(call('Edit'), 's', signal)
  expect('hookSpecificOutput' in output).toBe(fits)
})

test('a single hook counts where Claude Code has matched it', async () => {
  const groups = [{ matcher: 'SomeName', hooks: [context('one')] }]
  const output = await new ClientHooks({ PreToolUse: groups }, none).decide(call('Other'), 's', signal)
  expect(output).toHaveProperty('hookSpecificOutput')
})

const never = () => new Promise<never>(() => {})
test.each([
  ['never answers', never],
  [
    'gives up',
    (_: unknown, __: unknown, { signal: over }: { signal: AbortSignal }) => Promise.reject(over.reason),
  ],
  [
    'answers all the same',
    async () => ({ hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'allow' } }),
  ],
])('a hook that misses its timeout and %s blocks tools and prompts', async (_, hook) => {
  using timeout = vi.spyOn(AbortSignal, 'timeout')
  timeout.mockImplementation(() => AbortSignal.abort(new Error('late')))
  const decide = (event: HookEvent, onFailure: 'continue' | 'block') =>
    new ClientHooks({ [event]: [{ hooks: [hook], onFailure }] }, none).decide(
      { ...call('Bash'), event },
      's',
      signal,
    )
  for (const onFailure of ['continue', 'block'] as const) {
    expect(await decide('PreToolUse', onFailure)).toMatchObject({
      hookSpecificOutput: {
        permissionDecision: 'deny',
        permissionDecisionReason: expect.stringContaining('did not respond before its timeout'),
      },
    })
    expect(await decide('UserPromptSubmit', onFailure)).toMatchObject({ decision: 'block' })
    expect(await decide('PostToolUse', onFailure)).toEqual({})
  }
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
