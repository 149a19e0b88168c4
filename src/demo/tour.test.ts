import { describe, expect, test } from 'vitest'
import type { Answer } from './answer.ts'
import type { Prompt } from './prompt.ts'
import { answerOfTour, tour } from './tour.ts'
import { mark } from './tour-item.ts'

const cwd = '/home/me/project'

function toPrompt(text: string, rest: Partial<Prompt> = {}): Prompt {
  return {
    text,
    round: 0,
    toolResults: [],
    history: [],
    model: 'm',
    tools: ['Bash', 'Write'],
    workingDirectory: cwd,
    wantsSummary: false,
    signal: new AbortController().signal,
    ...rest,
  }
}

function toText(answer: Answer): string {
  if ('error' in answer) return answer.error.message
  return answer.blocks.map(block => (block.type === 'tool_use' ? '' : block.text)).join('\n')
}

const ask = (text: string, rest?: Partial<Prompt>) => answerOfTour(toPrompt(text, rest)).answer

describe.each(tour)('$name', item => {
  test('answers its own sample, the same each time, and says who speaks', () => {
    const { name, answer } = answerOfTour(toPrompt(item.sample))
    expect(name).toBe(item.name)
    expect(toText(answer)).toContain(mark)
    expect(answerOfTour(toPrompt(item.sample))).toEqual({ name, answer })
  })

  test('is listed in the greeting', () => {
    expect(toText(ask('Hello, what can you show me?'))).toContain(`"${item.sample}"`)
  })
})

test.each(['hi', 'asdf', '¿qué?', 'Write a poem', 'x'.repeat(1_000_000)])(
  'an unknown prompt gets a short answer that says who speaks and where the list is',
  words => {
    const answer = toText(ask(words))
    expect(answer).toContain("I am the stand-in model of claude-code-api's demo, not Claude")
    expect(answer).toContain('"What can you show me?"')
    expect(answer.length).toBeLessThan(350)
    expect(answer.split('\n')).toHaveLength(2)
  },
)

test('any tool is called with any input, if the session has it', () => {
  const input = { command: 'date', nested: { list: [1, 'two'] } }
  const answer = ask(`Use the tool Bash with ${JSON.stringify(input)}`)
  expect(answer).toMatchObject({ blocks: [{ type: 'text' }, { type: 'tool_use', name: 'Bash', input }] })
  expect(toText(ask('Use the tool Read with {}'))).toContain('Read, which this session does not have')
  expect(toText(ask('Use the tool Bash with {no json}'))).toContain('JSON object')
})

test.each([
  ['What is 6 times 7?', '42'],
  ["what's 2+2", '4'],
  ['-3 - -5', '2'],
  ['17 / 5', '3, remainder 2'],
  ['7 divided by 0', 'not defined'],
  ['99999999999999999999 * 99999999999999999999', '9999999999999999999800000000000000000001'],
])('computes %s', (question, result) => {
  expect(toText(ask(question))).toContain(`is ${result}.`)
})

describe('memory', () => {
  const history = [
    { prompt: 'Remember that my cat is called Minka', answer: '' },
    { prompt: 'Remember: the code word is tulip.', answer: '' },
  ]

  test('finds the fact that a question is about in the history alone', () => {
    expect(toText(ask('What is my cat called?', { history }))).toContain('my cat is called Minka')
    expect(toText(ask('What is our code word?', { history }))).toContain('the code word is tulip')
    expect(toText(ask('What do you remember?', { history }))).toMatch(/Minka.*tulip/)
  })

  test('finds it in the summary that has replaced the conversation', () => {
    const summary = 'Summary:\nRemember that my cat is called Minka\nThe person said: hi'
    expect(toText(ask('What is my cat called?', { history: [{ prompt: summary, answer: '' }] }))).toContain(
      'Minka',
    )
  })

  test('admits that it was not told', () => {
    expect(toText(ask('What is my dog called?'))).toContain('not told me')
  })
})

describe('tools', () => {
  test('Write gets an absolute path inside the working directory, and all of the text', () => {
    expect(ask('Create a file sub/notes.txt with the text hello\nworld')).toMatchObject({
      blocks: [{}, { name: 'Write', input: { file_path: `${cwd}/sub/notes.txt`, content: 'hello\nworld' } }],
    })
  })

  test.each(['../out.txt', '/etc/passwd', `${cwd}-other/x`])('Write is not called for %s', path => {
    expect(toText(ask(`Create a file ${path} with the text x`))).toContain('only create files inside')
  })

  test('a tool that the session does not have is named, not called', () => {
    expect(toText(ask('Run: ls', { tools: [] }))).toContain('need the tool Bash')
  })

  test('a denied permission is told as such', () => {
    const toolResults = [{ toolUseId: 't', name: 'Bash', content: 'Permission was denied', isError: true }]
    const words = toText(ask('Run: rm -rf x', { round: 1, toolResults }))
    expect(words).toContain('Bash did not succeed')
    expect(words).toContain('Permission was denied')
  })
})

test('long answers have the length that was asked for', () => {
  expect(toText(ask('Write 1024 kilobytes')).length).toBe(1024 * 1024 + `${mark} `.length)
  expect(toText(ask('Write 2000 words')).split(' ').length).toBe(2001)
})

test.each([400, 401, 403, 404, 413, 429, 500, 529])('fails with %i', status => {
  expect(ask(`Fail with ${status}`)).toMatchObject({ error: { status, shouldRetry: false } })
  expect(ask(`Fail slowly with ${status}`)).not.toHaveProperty('error.shouldRetry')
})

test('a slash command that came as text is told how to be one', () => {
  expect(toText(ask('/compact now'))).toContain('/compact came to me as text. Send it with "commands": true')
})

test('a plan says which session it needs, and is proposed where Claude Code has deferred the tool', () => {
  expect(toText(ask('Propose a plan'))).toContain('"permissionMode": "plan"')
  expect(ask('Propose a plan', { tools: ['ExitPlanMode'] })).toMatchObject({
    blocks: [{ type: 'text' }, { type: 'tool_use', name: 'ExitPlanMode' }],
  })
})
