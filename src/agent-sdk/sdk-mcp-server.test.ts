import { expect, test } from 'vitest'
import { z } from 'zod'
import { SdkMcpServer, tool } from './sdk-mcp-server.ts'

test.each([
  ['a shape', { word: z.string().default('x') }],
  ['an object', z.object({ word: z.string().default('x') }) as never],
])('the schema of a tool can be %s of zod', async (_, schema) => {
  const echo = tool('echo', 'Echoes', schema, async input => ({
    content: [{ type: 'text', text: JSON.stringify(input) }],
  }))
  const server = new SdkMcpServer([echo as never], undefined)
  expect((await server.list())[0]?.inputSchema).toMatchObject({ properties: { word: { type: 'string' } } })
  const { signal } = new AbortController()
  expect(await server.call('echo', {}, signal)).toMatchObject({ content: [{ text: '{"word":"x"}' }] })
  await expect(server.call('echo', { word: 1 }, signal)).rejects.toThrow('Input validation error')
})
