import { describe, expect, test } from 'vitest'
import { parsePrompt } from './prompt.ts'

const signal = new AbortController().signal
const parse = (messages: unknown[], rest: object = {}) =>
  parsePrompt({ model: 'm', messages, ...rest }, signal)
const user = (...content: unknown[]) => ({ role: 'user', content })
const said = (text: string) => ({ type: 'text', text })
const reminder = said('<system-reminder>\nkeep this in mind\n</system-reminder>\n')

describe('the latest prompt', () => {
  test('is found beside reminders, in blocks and in plain text', () => {
    expect(parse([user(reminder, said('hi there'))]).text).toBe('hi there')
    expect(parse([{ role: 'user', content: 'hi there' }]).text).toBe('hi there')
    expect(parse([user(said('hi<system-reminder>a</system-reminder>\n'))]).text).toBe('hi')
  })

  test('keeps a reminder that the person has typed in the middle, line ends and odd characters', () => {
    const words = 'a <system-reminder>mine</system-reminder> b\n\u0000 \ud800 '
    expect(parse([user(said(words))]).text).toBe(words)
  })

  test('is the last of those that Claude Code merges into one message; earlier ones are history', () => {
    const merged = parse([user(said('first\n'), said('[Request interrupted by user]\n'), said('second'))])
    expect(merged.text).toBe('second')
    expect(merged.history).toEqual([{ prompt: 'first', answer: '' }])
  })

  test.each([
    '[Request interrupted by user for tool use]',
    'Output token limit hit. Resume directly - no apology.',
    'Your response above was stopped by a safety classifier - this is not a tool error.',
    'Your response above was cut off mid-stream. Resume directly.',
    '[Your previous response had no visible output. Please continue.]',
    '<local-command-stdout>usage</local-command-stdout>',
    '<command-name>/cost</command-name>',
  ])('is not what Claude Code says itself: %s', words => {
    const prompt = parse([
      user(said('go')),
      { role: 'assistant', content: [said('half')] },
      user(said(words)),
    ])
    expect(prompt).toMatchObject({ text: 'go', round: 1 })
  })

  test('is empty when a background task has started the turn', () => {
    const notice = said('<system-reminder>\n[SYSTEM NOTIFICATION - NOT USER INPUT]\ndone\n</system-reminder>')
    const prompt = parse([user(said('go')), { role: 'assistant', content: 'sent' }, user(notice)])
    expect(prompt).toMatchObject({ text: '', round: 0, history: [{ prompt: 'go', answer: 'sent' }] })
  })
})

test('rounds count the messages of the assistant; results are those of the latest round, with names', () => {
  const use = (id: string) => ({
    role: 'assistant',
    content: [{ type: 'tool_use', id, name: 'Bash', input: {} }],
  })
  const result = (id: string, content: unknown, is_error?: boolean) => ({
    type: 'tool_result',
    tool_use_id: id,
    content,
    is_error,
  })
  const told = 'no\n\n<system-reminder>\n<total_tokens>5</total_tokens>\n</system-reminder>'
  const prompt = parse([
    user(said('go')),
    use('a'),
    user(result('a', 'one')),
    use('b'),
    user(result('b', [said(told)], true), reminder),
  ])
  expect(prompt.round).toBe(2)
  expect(prompt.toolResults).toEqual([{ toolUseId: 'b', name: 'Bash', content: 'no', isError: true }])
})

test('a new prompt begins at round 0 and finds the earlier exchange in the history', () => {
  const prompt = parse([user(said('one')), { role: 'assistant', content: [said('1')] }, user(said('two'))])
  expect(prompt).toMatchObject({ text: 'two', round: 0, history: [{ prompt: 'one', answer: '1' }] })
})

describe('the working directory', () => {
  const environment = '# Environment\n - Primary working directory: /home/me/my project\n - Platform: linux'

  test.each([
    ['a message of the system', [user(said('hi')), { role: 'system', content: [said(environment)] }], {}],
    ['a reminder', [user(said(`<system-reminder>\n${environment}\n</system-reminder>`), said('hi'))], {}],
    ['the system prompt', [user(said('hi'))], { system: [said(environment)] }],
  ])('is read from %s', (_place, messages, rest) => {
    expect(parse(messages, rest).workingDirectory).toBe('/home/me/my project')
  })

  test('is not read from what the person says', () => {
    expect(parse([user(said(environment))]).workingDirectory).toBeUndefined()
  })
})

test.each([
  undefined,
  null,
  'text',
  [],
  { messages: 5 },
  { messages: [null, 'x', { role: 'user', content: 7 }] },
])('a body of another shape is an empty prompt: %j', body => {
  expect(parsePrompt(body, signal)).toMatchObject({ text: '', round: 0, history: [], tools: [] })
})
