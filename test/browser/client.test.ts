import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bundleClient } from '../../scripts/bundle-client.ts'
import { requirements } from '../support/machine.ts'
import { openBrowser } from '../support/open-browser.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { openSite, visit } from './open-site.ts'

/** The client as it is published. */
async function buildClient(): Promise<string> {
  const directory = temporaryDirectory()
  await bundleClient(directory)
  return readFileSync(join(directory, 'index.js'), 'utf8')
}

test('the built client is one small file without imports', async () => {
  const code = await buildClient()
  expect(code).not.toMatch(/(^|;)import[\s{"']/m)
  expect(code.length).toBeLessThan(40_000)
  expect(gzipSync(code).length).toBeLessThan(12_000)
})

if (requirements.chromium.find() !== undefined) {
  test('a page talks to Claude with the built client', async () => {
    const code = await buildClient()
    const port = await openSite({ '/client.js': code })
    const origin = `http://app.example:${port}`
    const { base } = await openServer({ cors: { origins: [origin] } })
    const page = await visit(await openBrowser(), origin)
    const seen = await page.evaluate(`(async () => {
      const { ClaudeCodeClient, applyEvent, emptyConversation, ApiError } = await import('/client.js')
      const client = new ClaudeCodeClient({ baseUrl: '${base}', apiKey: '${apiKey}' })
      const session = await client.createSession({ title: 'of a page' })
      let conversation = emptyConversation
      let deltas = 0
      for await (const event of session.stream('Count slowly to 5')) {
        if (event.type === 'delta') deltas++
        conversation = applyEvent(conversation, event)
      }
      const error = await client.session('none').get().catch(found => found)
      return {
        deltas,
        turn: conversation.turns[0].status,
        text: conversation.messages.at(-1).blocks[0].text,
        error: [error instanceof ApiError, error.code, typeof error.requestId],
      }
    })()`)
    expect(seen).toEqual({
      deltas: expect.any(Number),
      turn: 'completed',
      text: expect.stringContaining('1\n2\n3\n4\n5'),
      error: [true, 'SESSION_NOT_FOUND', 'string'],
    })
    expect((seen as { deltas: number }).deltas).toBeGreaterThan(1)
  })
}
