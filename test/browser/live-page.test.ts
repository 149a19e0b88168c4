import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bundleClient } from '../../scripts/bundle-client.ts'
import { freePort } from '../support/free-port.ts'
import { requirements } from '../support/machine.ts'
import { openBrowser } from '../support/open-browser.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { runExample } from '../support/run-example.ts'
import { visit } from './open-site.ts'

if (requirements.chromium.find() !== undefined) {
  test('the live page of another origin shows a conversation with the key that is typed', async () => {
    const directory = temporaryDirectory()
    await bundleClient(directory)
    const port = await freePort()
    const site = runExample('live-page/serve.ts', [], {
      PORT: `${port}`,
      CLIENT_FILE: join(directory, 'index.js'),
    })
    const { base } = await openServer({ cors: { origins: [`http://127.0.0.1:${port}`] } })
    await site.says('http://')
    const page = await visit(await openBrowser(), `http://127.0.0.1:${port}/`)
    await page.fill('[name=url]', base)
    await page.fill('[name=key]', 'wrong')
    await page.click('button')
    await page.waitForFunction("document.querySelector('#state').textContent !== ''")
    expect(await page.textContent('#state')).toMatch(/key/i)
    await page.fill('[name=key]', apiKey)
    await page.click('button')
    // The prompt has a 5 as well.
    await page.waitForFunction("document.querySelector('#conversation').textContent.includes('4\\n5')")
    await page.waitForFunction("document.querySelector('#state').textContent.startsWith('idle')")
    const shown = await page.locator('#conversation p').allTextContents()
    expect(shown).toEqual([
      'user: Count slowly to 5',
      expect.stringMatching(/^assistant: [\s\S]*1\n2\n3\n4\n5/),
    ])
  })
}
