import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'rolldown'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { requirements } from '../support/machine.ts'
import { openBrowser } from '../support/open-browser.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { openSite } from './open-site.ts'

/** The page with all that it imports, as one file. */
async function buildPage(): Promise<string> {
  const dir = temporaryDirectory()
  await build({
    logLevel: 'silent',
    input: join(import.meta.dirname, 'chat-page.js'),
    platform: 'browser',
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    output: { dir, codeSplitting: false },
  })
  return readFileSync(join(dir, 'chat-page.js'), 'utf8')
}

if (requirements.chromium.find() !== undefined) {
  test('a page with useChat streams, is reloaded, asks its user, answers a tool and stops', async () => {
    const port = await openSite({ '/page.js': await buildPage() })
    const origin = `http://app.example:${port}`
    const { base, model, cwd } = await openServer({ doors: ['ui'], cors: { origins: [origin] } })
    const file = join(cwd, 'of-the-page')
    const held = Promise.withResolvers<void>()
    const delivery = { fragmentSize: 4, holdAfterFragments: 3, holdUntil: held.promise }
    model.script('tell me', text('Once upon a time', delivery))
    model.script('make it', [toolUse('Bash', { command: `touch ${file}` }), text('It is there.')])
    model.script('name it', prompt =>
      prompt.round === 0
        ? toolUse('mcp__client__title', {})
        : text(`It is: ${prompt.toolResults[0]?.content}`),
    )
    const never = Promise.withResolvers<void>()
    model.script(
      'go on',
      text('On and on', { fragmentSize: 2, holdAfterFragments: 2, holdUntil: never.promise }),
    )

    const page = await (await openBrowser()).newPage()
    const faults: unknown[] = []
    page.on('pageerror', error => faults.push(error))
    /** Starts the page, which then asks for an answer that is under way. */
    const load = async () => {
      const resumed = page.waitForResponse(
        response => response.request().method() === 'GET' && response.url().endsWith('/stream'),
      )
      await page.addScriptTag({ url: '/page.js', type: 'module' })
      return resumed
    }
    const send = async (prompt: string) => {
      await page.fill('[name=prompt]', prompt)
      await page.press('[name=prompt]', 'Enter')
    }
    const answers = page.locator('.assistant')
    const ready = page.locator('#status', { hasText: /^ready$/ })
    await page.goto(`${origin}/#${new URLSearchParams({ base, key: apiKey })}`)
    await load()
    await ready.waitFor()

    await send('tell me')
    await answers.getByText('Once upo').waitFor()
    // What is shown at once is what the page has kept.
    await page.reload()
    expect((await load()).status()).toBe(200)
    await answers.getByText('Once upo').waitFor()
    held.resolve()
    await answers.getByText('Once upon a time', { exact: true }).waitFor()
    await ready.waitFor()
    expect(await answers.count()).toBe(1)

    await send('make it')
    await page.locator('#allow').waitFor()
    // The stream that tells the request again would take an earlier answer away.
    await page.reload()
    await (await load()).finished()
    await ready.waitFor()
    await page.click('#allow')
    await answers.getByText('It is there.').waitFor()
    await answers.getByText('Bash output-available').waitFor()
    await ready.waitFor()
    expect([await answers.count(), existsSync(file)]).toEqual([2, true])

    await send('name it')
    await answers.getByText('It is: A page with a chat').waitFor()
    await ready.waitFor()
    await send('go on')
    // Not the end of "Once upon a time".
    await answers.getByText('On a', { exact: true }).waitFor()
    await page.click('#stop')
    await ready.waitFor()
    never.resolve()
    expect(faults).toEqual([])
  })
}
