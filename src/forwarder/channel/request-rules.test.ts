import { expect, test } from 'vitest'
import { findOutsideAccess } from './request-rules.ts'

const block = (source: object) => ({ type: 'image', source })
const said = (...content: unknown[]) => [{ role: 'user', content }]
const url = { type: 'url', url: 'https://a.test/?secret' }

test.each([
  { model: 'x', messages: [{ role: 'user', content: 'web_fetch_20250910 "type":"url"' }] },
  { tools: [{ name: 'web_search', input_schema: { properties: { url: { type: 'string' } } } }] },
  {
    tools: [
      { type: 'custom', name: 'x' },
      { type: 'bash_20250124' },
      { type: 'tool_search_tool_regex_20251119' },
    ],
  },
  { mcp_servers: [], system: [{ type: 'text', text: 'x' }] },
  { messages: said(block({ type: 'base64', data: 'aGk=' })) },
  // The input of a tool is data of the conversation.
  { messages: said({ type: 'tool_use', input: { source: url, content: [block(url)], type: 'url' } }) },
  { messages: said({ type: 'search_result', source: 'https://a.test/' }) },
])('%j stays inside', body => {
  expect(findOutsideAccess(JSON.stringify(body))).toBeUndefined()
})

test.each([
  [{ mcp_servers: [{ type: 'url', url: 'https://a.test' }] }, 'mcp_servers'],
  [{ mcp_servers: 'x' }, 'mcp_servers'],
  [{ tools: [{ type: 'web_search_20250305' }] }, 'web_search_20250305'],
  [{ tools: [{ name: 'x' }, { type: 'web_fetch_20260101' }] }, 'web_fetch'],
  [{ tools: [{ type: 'mcp_toolset' }] }, 'mcp_toolset'],
  [{ tools: [{ type: 'code_execution_20250825' }] }, 'code_execution'],
  [{ tools: [{ type: null }] }, 'null'],
  [{ tools: { type: 'web_fetch_20260101' } }, 'web_fetch'],
  [{ tools: ['x'] }, 'objects'],
  [{ messages: said(block(url)) }, 'URL'],
  [{ messages: said({ type: 'text' }, undefined, null, 1, block(url)) }, 'URL'],
  [{ messages: said({ type: 'tool_result', content: [block(url)] }) }, 'URL'],
  [{ messages: said({ type: 'document', source: { type: 'content', content: [block(url)] } }) }, 'URL'],
  [{ messages: { content: block(url) } }, 'URL'],
  [{ system: [block(url)] }, 'URL'],
  [[], 'JSON'],
])('%j reaches outside', (body, why) => {
  expect(findOutsideAccess(JSON.stringify(body))).toContain(why)
})

test.each([
  ['two equal keys', '{"tools":[{"type":"web_fetch_1"}],"tools":[]}'],
  ['white space', '{"tools": []}'],
  ['an escape', '{"tools":[{"type":"\\u0063ustom"}]}'],
  ['a byte order mark', '\ufeff{}'],
  ['nothing', ''],
  ['many levels', `{"messages":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`],
  ['compressed bytes', '\u001f\ufffd\b'],
])('a text with %s is not what Claude Code writes', (_, text) => {
  expect(findOutsideAccess(text)).toContain('JSON')
})

test('many blocks are looked through', () => {
  const many = Array.from({ length: 200_000 }, () => ({ type: 'text' }))
  expect(findOutsideAccess(JSON.stringify({ messages: said(...many) }))).toBeUndefined()
  expect(findOutsideAccess(JSON.stringify({ messages: said(block(url), ...many) }))).toContain('URL')
})
