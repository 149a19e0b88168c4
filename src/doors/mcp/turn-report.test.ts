import { expect, test } from 'vitest'
import type { PermissionRequest, Turn } from '../../client/index.ts'
import { toTurnResult } from './turn-report.ts'

const ended = { sessionId: 'session', turnId: 'turn', status: 'completed', response: null, error: null }

function textOf(turn: object, open: object[] = []): string {
  const { content } = toTurnResult({ ...ended, ...turn } as Turn, open as PermissionRequest[])
  return content.map(block => (block.type === 'text' ? block.text : '')).join('\n')
}

test('the text for an open form or page has its message, its URL and its fields', () => {
  const asked = {
    permissionId: 'request',
    kind: 'elicitation',
    toolName: 'mcp__ask',
    title: 'The MCP server ask asks for input',
    input: {},
    suggestions: [],
  }
  const form = { type: 'object', properties: { colour: { type: 'string' } } }
  const text = textOf({ status: 'requires_action' }, [
    {
      ...asked,
      elicitation: { serverName: 'ask', message: 'Your colour?', mode: 'form', requestedSchema: form },
    },
    {
      ...asked,
      elicitation: { serverName: 'ask', message: 'Log in', mode: 'url', url: 'https://example.com/' },
    },
  ])
  expect(text).toMatch(/Your colour\?.*"properties":\{"colour"/)
  expect(text).toMatch(/Log in.*https:\/\/example\.com\//)
})

test.each([
  [{ response: 'Done' }, 'Done'],
  [{ response: '', structuredOutput: { colour: 'red' } }, '{"colour":"red"}'],
  [{ response: 'Done', notice: 'A hook says so' }, 'Done\n\nA hook says so'],
  [
    { status: 'lost', response: 'Half', error: { message: 'The server has ended' } },
    'The turn is lost (session session, turn turn)\n\nThe server has ended\n\nHalf',
  ],
])('the text of the turn %o has all that a model needs', (turn, expected) => {
  expect(textOf(turn)).toBe(expected)
})
