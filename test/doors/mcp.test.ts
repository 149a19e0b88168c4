import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { apiError, text, toolUse } from '../../src/demo/answer.ts'
import { type McpClient, type OnElicitation, openClient, openModernClient } from '../support/mcp-clients.ts'
import { apiKey, shareServer } from '../support/open-server.ts'

const server = shareServer({ doors: ['mcp'] })
const url = () => `${server().base}/doors/mcp`

const clients: [string, (parts?: { key?: string; onElicitation?: OnElicitation }) => Promise<McpClient>][] = [
  ['sdk 1', parts => openClient({ url: url(), key: apiKey, ...parts })],
  ['client 2', parts => openModernClient({ url: url(), key: apiKey, ...parts })],
  [
    'client 2 with the handshake of 2025',
    parts => openModernClient({ url: url(), key: apiKey, ...parts }, 'legacy'),
  ],
]

describe.each(clients)('%s', (_name, open) => {
  test('sends a prompt, sees the work and gets the answer', async () => {
    const { model, cwd } = server()
    model.script('look around', [toolUse('Bash', { command: 'echo here' }), text('I have looked')])
    const { call } = await open()
    const { data: session } = await call('start_session', { title: 'First' })
    const seen: string[] = []
    const answer = await call(
      'prompt',
      { sessionId: session.sessionId, prompt: 'look around' },
      { onProgress: message => seen.push(message) },
    )
    expect(answer).toMatchObject({ text: 'I have looked', isError: false })
    expect(answer.data).toMatchObject({
      sessionId: session.sessionId,
      status: 'completed',
      openRequests: [],
      error: null,
    })
    expect(seen).toContain('Claude has started')
    expect(seen.join('\n')).toContain('Bash {"command":"echo here"')
    expect(seen).toContain('I have looked')
    expect(existsSync(join(cwd, 'x'))).toBe(false)
    void apiError
  })
})
