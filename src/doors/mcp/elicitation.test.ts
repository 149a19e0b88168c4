import { expect, test } from 'vitest'
import type { PermissionRequest } from '../../client/index.ts'
import { toAnswer, toElicitation } from './elicitation.ts'

const both = { form: true, url: true }

function request(kind: string, fields: object): PermissionRequest {
  const base = { permissionId: 'p', toolName: 'Tool', input: {}, title: null, suggestions: [] }
  return { ...base, kind, ...fields } as unknown as PermissionRequest
}

const tool = request('tool', { toolName: 'Bash', input: { command: 'ls' } })
const plan = request('plan', { plan: '# Plan' })
const form = request('elicitation', {
  elicitation: {
    serverName: 'people',
    message: 'Who?',
    mode: 'form',
    requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  },
})
const page = request('elicitation', {
  elicitation: { serverName: 'people', message: 'Log in', mode: 'url', url: 'https://example.com/' },
})
const question = request('question', {
  questions: [
    { question: 'Which?', options: [{ label: 'A' }, { label: 'B' }] },
    { question: 'More?', multiSelect: true, options: [{ label: 'C' }, { label: 'D' }] },
  ],
})

test('requests of people become forms and pages', () => {
  expect(toElicitation(tool, both)).toMatchObject({
    message: 'Claude wants to use Bash\n\n{\n  "command": "ls"\n}',
    requestedSchema: { required: ['decision'] },
  })
  expect(toElicitation(plan, both)?.message).toContain('# Plan')
  expect(toElicitation(form, both)).toEqual({
    mode: 'form',
    message: 'people: Who?',
    requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  })
  expect(toElicitation(page, both)).toMatchObject({ mode: 'url', url: 'https://example.com/' })
  expect(toElicitation(question, both)).toMatchObject({
    requestedSchema: { properties: { answer_1: { enum: ['A', 'B'] }, answer_2: { type: 'array' } } },
  })
})

test('requests that the client cannot show, or that are of programs, do not', () => {
  expect(toElicitation(page, { form: true, url: false })).toBeUndefined()
  expect(toElicitation(tool, { form: false, url: true })).toBeUndefined()
  expect(toElicitation(request('client_tool', {}), both)).toBeUndefined()
  expect(toElicitation(request('hook', {}), both)).toBeUndefined()
})

test.each([
  [tool, { decision: 'allow' }, { decision: 'allow' }],
  [tool, { decision: 'allow_for_session' }, { decision: 'allow', remember: 'session' }],
  [tool, { decision: 'deny', message: 'no' }, { decision: 'deny', message: 'no' }],
  [tool, {}, undefined],
  [tool, { decision: 'approve' }, undefined],
  [plan, { decision: 'approve' }, { decision: 'allow' }],
  [plan, { decision: 'reject', message: 'shorter' }, { decision: 'deny', message: 'shorter' }],
  [plan, { decision: 'allow' }, undefined],
  [form, { name: 'Minka' }, { decision: 'allow', content: { name: 'Minka' } }],
  [page, undefined, { decision: 'allow' }],
  [
    question,
    { answer_1: 'A', answer_2: ['C'] },
    { decision: 'allow', answers: { 'Which?': 'A', 'More?': ['C'] } },
  ],
  [
    question,
    { answer_1: 'A', other_1: 'mine', other_2: 'E' },
    { decision: 'allow', answers: { 'Which?': 'mine', 'More?': 'E' } },
  ],
  [question, { answer_1: 'A', answer_2: [] }, undefined],
  [request('hook', {}), {}, undefined],
])('of %j, accepted with %j, is the answer %j', (asked, content, answer) => {
  expect(toAnswer(asked, { action: 'accept', content })).toEqual(answer)
})

test('declining denies, and closing is no answer', () => {
  for (const asked of [tool, plan, form, page, question]) {
    expect(toAnswer(asked, { action: 'decline' })).toEqual({ decision: 'deny' })
    for (const result of [{ action: 'cancel' }, {}, undefined, 'accept']) {
      expect(toAnswer(asked, result)).toBeUndefined()
    }
  }
})
