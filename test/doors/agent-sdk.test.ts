import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { apiError, text, thinking, together, toolUse } from '../../src/demo/answer.ts'
import type { Prompt } from '../../src/demo/prompt.ts'
import { openOnce } from '../support/lifetime.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { cheapStart, claudeEnvironment } from '../support/real-claude.ts'
import { runExample } from '../support/run-example.ts'
import { sentTo } from '../support/sent-to-model.ts'

type Entry = Record<string, unknown> & { scenario: string }

const program = '../test/fixtures/agent-sdk-program.ts'
const changedImport = join(import.meta.dirname, '../fixtures/agent-sdk-import.ts')

const shared = openOnce(() => openServer({ record: true }))

/** The same program, once with the Agent SDK and once with its import changed. */
async function runBoth(...names: string[]) {
  const { model, base, cwd } = shared()
  const home = temporaryDirectory()
  const work = join(cwd, names[0] ?? '')
  mkdirSync(work)
  const sdk = { ...claudeEnvironment(model, home), ...cheapStart, NODE_NO_WARNINGS: '1', WORK: home }
  const ours = {
    CLAUDE_CODE_API_URL: base,
    CLAUDE_CODE_API_KEY: apiKey,
    NODE_OPTIONS: `--import=${changedImport}`,
    WORK: work,
  }
  const [expected, actual] = await Promise.all([sdk, ours].map(env => entriesOf(names, env)))
  return { expected: toOrder(expected ?? []), actual: toOrder(actual ?? []) }
}

/** Calls of the program come while messages are on their way, so the order is that of each of the two. */
function toOrder(entries: readonly Entry[]): Entry[] {
  const isCall = (entry: Entry) => 'asked' in entry || 'hook' in entry || 'receipt' in entry
  return [...entries.filter(isCall), ...entries.filter(entry => !isCall(entry))]
}

async function entriesOf(names: readonly string[], env: Record<string, string>): Promise<Entry[]> {
  const run = runExample(program, names, env)
  expect([await run.ended, run.complained()]).toEqual([0, ''])
  return run
    .said()
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
}

/** The tools of the program have other names for Claude on a server. */
const calc = ({ tools }: Prompt) =>
  tools.some(name => name.startsWith('mcp__client__')) ? 'mcp__client__calc__' : 'mcp__calc__'

function script() {
  const { model } = shared()
  model.script('remember the word', text('Noted'))
  model.script('say the word', ({ history }) => text(`There were ${history.length} prompts`))
  for (const name of ['first', 'second', 'third']) model.script(name, text(`The ${name} answer`))
  const touch = (name: string) => toolUse('Bash', { command: `touch ${name}`, description: 'x' })
  model.script('make files', [
    together(thinking('hm'), text('I make it'), touch('one')),
    touch('two'),
    touch('three'),
    text('That was it', { fragmentSize: 4 }),
  ])
  const questions = [
    {
      question: 'Which colour?',
      header: 'Colour',
      multiSelect: false,
      options: ['Red', 'Blue'].map(label => ({ label, description: label })),
    },
  ]
  model.script('ask and plan', [
    toolUse('AskUserQuestion', { questions }),
    toolUse('ExitPlanMode', { plan: 'Paint it' }),
    text('We stop here'),
  ])
  model.script('calculate and run', prompt => {
    const echo = (word: string) => toolUse('Bash', { command: `echo ${word}`, description: 'x' })
    const calls = [
      together(toolUse(`${calc(prompt)}add`, { a: 1, b: 2 }), toolUse(`${calc(prompt)}add`, { a: 5 })),
      toolUse(`${calc(prompt)}fail`, {}),
      toolUse(`${calc(prompt)}secret`, {}),
      echo('one'),
      echo('two'),
    ]
    return calls[prompt.round] ?? text('Calculated')
  })
  model.script('write and ask', [
    toolUse('Write', { file_path: 'poem', content: 'one' }),
    toolUse('AskUserQuestion', { questions }),
    text('That was it'),
  ])
  const write = (content: string) => toolUse('Write', { file_path: 'poem', content })
  for (const name of ['one', 'two']) model.script(`write ${name}`, [write(name), text('Written')])
  const never = new Promise(() => {})
  model.script(
    'talk slowly',
    // One piece only: whether the interrupt is faster than a second one is a matter of time.
    text('one two three', { fragmentSize: 3, holdAfterFragments: 1, holdUntil: never }),
  )
  model.script('after it', text('Still here'))
  model.script('break', apiError(400, { message: 'no such thing' }))
  model.script('answer strangely', prompt => {
    if (prompt.round === 30) return text('That was it')
    return prompt.round % 2 === 0 ? touch('strange') : toolUse(`${calc(prompt)}note`, {})
  })
  model.script('run hooked', [...Array.from({ length: 6 }, () => touch('hooked')), text('That was it')])
  const helper = (prompt: string, run_in_background: boolean) =>
    toolUse('Agent', { subagent_type: 'general-purpose', description: 'x', prompt, run_in_background })
  // The long errand outlasts the turn that has sent it, in both programs.
  const sent = Promise.withResolvers<void>()
  let count = 0
  model.script('send helpers', ({ round }) => {
    if (round < 2) return round === 0 ? helper('short errand', false) : helper('long errand', true)
    if (++count === 2) sent.resolve()
    return text('Two are sent')
  })
  model.script('short errand', [toolUse('Bash', { command: 'echo three' }), text('The short one is done')])
  const delivery = { fragmentSize: 2, delayMs: 40, holdUntil: sent.promise }
  model.script('long errand', text('The long one is done', delivery))
}

test('resuming, changes of model and mode, failures', async () => {
  script()
  const { expected, actual } = await runBoth('resume', 'changes')
  expect(actual).toEqual(expected)
  expect(actual.map(({ result }) => result)).toEqual(expect.arrayContaining(['There were 1 prompts']))
  expect(actual.flatMap(({ init }) => (init as { model: string } | undefined)?.model ?? [])).toContain(
    'claude-haiku-4-5',
  )
  expect(actual).toContainEqual(expect.objectContaining({ thrown: expect.stringContaining('no such thing') }))
})

test('permissions, questions, plans, partial messages', async () => {
  script()
  const { expected, actual } = await runBoth('permissions', 'people')
  expect(actual).toEqual(expected)
  expect(actual).toContainEqual(expect.objectContaining({ user: [['changed', false]] }))
  expect(actual).toContainEqual(expect.objectContaining({ user: [['not today', true]] }))
  expect(actual).toContainEqual(expect.objectContaining({ asked: 'AskUserQuestion' }))
})

test('hooks and tools of the program', async () => {
  script()
  const { expected, actual } = await runBoth('tools')
  expect(actual).toEqual(expected)
  expect(actual).toContainEqual(expect.objectContaining({ user: [['sum 15', false]] }))
  expect(actual).toContainEqual(expect.objectContaining({ asked: 'mcp__calc__secret' }))
  const withContext = sentTo(shared().model).filter(({ text }) => text.includes('context of the hook'))
  expect(withContext).toHaveLength(2)
})

test('answers and outputs of hooks that are none', async () => {
  script()
  const { expected, actual } = await runBoth('strangeAnswers', 'strangeHooks')
  expect(actual).toEqual(expected)
  const failed = actual.flatMap(entry => (entry.failed as boolean[] | undefined) ?? [])
  // Of the answers only the last allows; hooks that fail decide nothing.
  expect(failed).toEqual([...Array(28).fill(true), false, false, ...Array(6).fill(false)])
  expect(actual).toContainEqual({ scenario: 'strangeAnswers', asked: 30 })
})

test('matchers that are lists, questions without answers, files that are rewound', async () => {
  script()
  const { expected, actual } = await runBoth('listed', 'rewind')
  expect(actual).toEqual(expected)
  expect(actual).toContainEqual(expect.objectContaining({ user: [['never', true]] }))
  expect(actual).toContainEqual(
    expect.objectContaining({ user: [['The user did not answer the questions.', false]] }),
  )
  const failure = 'Error: No file checkpoint found for this message.'
  const scenario = 'rewind'
  expect(actual.filter(entry => 'poem' in entry)).toEqual([
    { scenario, canRewind: false, failure, poem: 'two' },
    { scenario, canRewind: true, failure: null, poem: 'one' },
    { scenario, canRewind: true, failure: null, poem: false },
  ])
})

test('interrupts, an abort, subagents', async () => {
  script()
  const { expected, actual } = await runBoth('stopping', 'subagents')
  // How many pieces of the last answer are read before the abort is a matter of time.
  const withoutLast = (entries: Entry[]) => {
    const end = entries.findIndex(({ isAbort }) => isAbort)
    const start = entries.slice(0, end).findLastIndex(({ event }) => event === 'content_block_start')
    return entries.toSpliced(start + 1, end - start - 1)
  }
  expect(withoutLast(actual)).toEqual(withoutLast(expected))
  expect(actual).toContainEqual(expect.objectContaining({ isAbort: true }))
  const { sessions } = (await shared().call('GET', '/sessions?limit=200')).body
  expect(sessions.filter(({ state }: { state: string }) => state !== 'idle')).toEqual([])
})
