import { expect, test } from 'vitest'
import { toAnswers } from './question-answers.ts'

const questions = [{ question: 'Which?' }, { question: 'And?' }]
const none = '(notes only)'

test.each([
  ['none at all', {}, { 'Which?': none, 'And?': none }],
  ['an empty one', { answers: { 'Which?': '', 'And?': [] } }, { 'Which?': none, 'And?': none }],
  ['some', { answers: { 'And?': 'Red' } }, { 'Which?': none, 'And?': 'Red' }],
  ['a list', { answers: { 'Which?': ['a', 'b'], 'And?': 'x' } }, { 'Which?': ['a', 'b'], 'And?': 'x' }],
  ['one to something else', { answers: { 'Who?': 'me' } }, { 'Which?': none, 'And?': none }],
  [
    'notes',
    {
      answers: { 'Which?': 'Red' },
      annotations: { 'Which?': { notes: 'careful', preview: 'P' }, 'And?': { notes: 'later' } },
    },
    { 'Which?': 'Red selected preview:\nP notes: careful', 'And?': '(no option selected) notes: later' },
  ],
  ['a preview alone', { annotations: { 'Which?': { preview: 'P' } } }, { 'Which?': none, 'And?': none }],
  [
    'a response',
    { response: 'ask later', answers: { 'And?': 'x' } },
    { 'Which?': 'ask later', 'And?': none },
  ],
])('every question gets an answer for the server: %s', (_, input, expected) => {
  expect(toAnswers(questions, input)).toEqual(expected)
})

test.each([
  [{ answers: { 'Which?': 5 } }, 'updatedInput.answers["Which?"]'],
  [{ followUp: true }, 'updatedInput.followUp'],
])('an answer that the server cannot be given is refused by name: %j', (input, name) => {
  expect(() => toAnswers(questions, input)).toThrow(`canUseTool: ${name} is not supported`)
})
