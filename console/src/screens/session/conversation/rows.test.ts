import { expect, test } from 'vitest'
import type { MessageView, TurnView } from '../../../../../src/client/index.ts'
import { findTurn, toRows } from './rows.ts'

const message = (id: string, turnId: string | null, isRewound = false) =>
  ({
    id,
    turnId,
    role: 'assistant',
    blocks: [],
    isSynthetic: false,
    isRewound,
    timestamp: null,
    notice: null,
  }) satisfies MessageView
const turn = (turnId: string, status: TurnView['status']) =>
  ({ turnId, status, error: null, isRewound: false, ignoredMentions: [] }) as unknown as TurnView
const shown = (rows: ReturnType<typeof toRows>) => rows.map(({ key }) => key)

test('a turn that has ended follows its last message', () => {
  const messages = [message('a', '1'), message('b', '1'), message('c', null), message('d', '2')]
  const rows = toRows({ messages, turns: [turn('1', 'completed'), turn('2', 'running')] }, new Set())
  expect(shown(rows)).toEqual(['a', 'b', 'turn 1', 'c', 'd'])
})

test('what was rewound is folded, and opens', () => {
  const messages = [message('a', '1'), message('b', '2', true), message('c', '3', true), message('d', '4')]
  const turns = ['1', '2', '3', '4'].map(id => turn(id, 'completed'))
  const folded = toRows({ messages, turns }, new Set())
  expect(shown(folded)).toEqual(['a', 'turn 1', 'rewound b', 'd', 'turn 4'])
  expect(folded[2]).toMatchObject({ count: 2, isOpen: false })
  const open = toRows({ messages, turns }, new Set(['rewound b']))
  expect(shown(open)).toEqual(['a', 'turn 1', 'rewound b', 'b', 'turn 2', 'c', 'turn 3', 'd', 'turn 4'])
})

test('a linked turn begins at its prompt, also if it was rewound', () => {
  const messages = [message('a', '1'), message('b', '2', true), message('c', '2', true), message('d', '3')]
  const turns = [turn('1', 'completed'), { ...turn('2', 'completed'), isRewound: true }, turn('3', 'running')]
  const rows = toRows({ messages, turns }, new Set(), '2')
  expect(shown(rows)).toEqual(['a', 'turn 1', 'rewound b', 'b', 'c', 'turn 2', 'd'])
  expect(['1', '2', '3', '4'].map(id => findTurn(rows, id))).toEqual(['a', 'b', 'd', null])
  expect(shown(toRows({ messages, turns }, new Set(['rewound b']), '2'))).not.toContain('b')
})

test('a link leads to the prompt, also if something of the turn stands before it', () => {
  const notice = { ...message('a', '1'), role: 'system' as const }
  const prompt = { ...message('b', '1'), role: 'user' as const }
  const steered = { ...message('d', '1'), role: 'user' as const }
  const rows = toRows(
    { messages: [notice, prompt, message('c', '1'), steered], turns: [turn('1', 'completed')] },
    new Set(),
  )
  expect(findTurn(rows, '1')).toBe('b')
})

test('mentions that were not read stand at the prompt alone', () => {
  const ignoredMentions = [{ mention: 'x', reason: 'outside' as const }]
  const prompt = { ...message('a', '1'), role: 'user' as const }
  const turns = [{ ...turn('1', 'running'), ignoredMentions }]
  const rows = toRows({ messages: [prompt, message('b', '1'), { ...prompt, id: 'c' }], turns }, new Set())
  expect(rows.map(row => row.kind === 'message' && row.ignoredMentions.length)).toEqual([1, 0, 0])
})

test('keys are unique even where ids are not, and turns without messages show their error', () => {
  const failed = { ...turn('2', 'failed'), error: { message: 'x' } } as TurnView
  const rows = toRows({ messages: [message('a', '1'), message('a', '1')], turns: [failed] }, new Set())
  expect(shown(rows)).toEqual(['a', 'a 1', 'turn 2'])
})

test('the message of an error is left out where its turn ends with the same', () => {
  const blocks = [{ type: 'text' as const, text: 'API Error: 529\n', partialIndex: null }]
  const told = { ...message('b', '1'), notice: 'error' as const, blocks }
  const failed = {
    ...turn('1', 'failed'),
    error: { message: 'The model is busy' },
    notice: 'API Error: 529',
  } as unknown as TurnView
  const rowsOf = (given: TurnView) =>
    shown(toRows({ messages: [message('a', '1'), told], turns: [given] }, new Set()))
  expect(rowsOf(failed)).toEqual(['a', 'turn 1'])
  expect(rowsOf({ ...failed, notice: 'Something else' })).toEqual(['a', 'b', 'turn 1'])
  expect(rowsOf({ ...failed, status: 'running' })).toEqual(['a', 'b'])
})
