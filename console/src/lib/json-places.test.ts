import { expect, test } from 'vitest'
import { findPlaces, placeOf } from './json-places.ts'

const value = {
  model: 'a "quoted" { text',
  tools: ['Read', { deep: [] }],
  mcpServers: { web: { url: 'https://example.com', headers: { 'X-A.b': '***' } } },
  maxTurns: -1.5e3,
}
const text = JSON.stringify(value, null, 2)
const places = findPlaces(text)

test('every value of a JSON text has its place', () => {
  expect([...places.keys()]).toEqual([
    ...['', 'model', 'tools', 'tools[0]', 'tools[1]', 'tools[1].deep', 'mcpServers', 'mcpServers.web'],
    ...['mcpServers.web.url', 'mcpServers.web.headers', 'mcpServers.web.headers.X-A.b', 'maxTurns'],
  ])
  const at = (path: string) => text.slice(places.get(path)?.start, places.get(path)?.end)
  expect(at('maxTurns')).toBe('"maxTurns": -1500')
  expect(at('tools[0]')).toBe('"Read",')
  expect(at('mcpServers.web.headers.X-A.b')).toBe('"X-A.b": "***"')
  expect(places.get('tools[0]')?.line).toBe(4)
})

test.each([
  ['mcpServers.web.command', 'mcpServers.web'],
  ['tools[7].name', 'tools'],
  ['unknown', ''],
  ['', ''],
])('%j, which is not there, is at %j', (path, around) => {
  expect(placeOf(places, path)).toBe(places.get(around))
})
