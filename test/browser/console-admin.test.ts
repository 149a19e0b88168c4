import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { expect, test } from 'vitest'
import { openOnce } from '../support/lifetime.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { expectAccessible, openConsolePage, openConsoleServer } from './console-page.ts'

const shared = openOnce(async () => {
  const server = await openConsoleServer()
  const sessionId = await server.createSession({ title: 'Spender\u202e', permissionPrompts: 'ask' })
  await server.ask(sessionId, 'Hello')
  await server.ask(sessionId, 'Use the tool Bash with {"command":"touch x"}', { background: true })
  return { server, sessionId, browser: browserPath === undefined ? undefined : await openBrowser() }
})

async function keyWith(body: object): Promise<string> {
  const made = await shared().server.call('POST', '/keys', { name: 'a key', ...body })
  expect(made.status).toBe(201)
  return made.body.key
}

if (browserPath !== undefined) {
  const open = (path: string, options?: Parameters<typeof openConsolePage>[3]) =>
    openConsolePage(shared().browser as Browser, shared().server, path, options)

  test('usage is drawn, in a table, and a file', async () => {
    const page = await open('/usage', { width: 768 })
    await page.getByRole('img', { name: /^Cost by day/ }).waitFor()
    await page.getByRole('table').waitFor()
    await expectAccessible(page)
    await page.getByRole('radio', { name: 'Session' }).check({ force: true })
    await page.getByRole('cell', { name: '$' }).first().waitFor()
    await page.getByRole('link', { name: 'Spender⟨U+202E⟩' }).last().waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV' }).click(),
    ])
    expect(download.suggestedFilename()).toMatch(/^usage-by-session-.*\.csv$/)
    expect(readFileSync(await download.path(), 'utf8')).toContain(shared().sessionId)
    page.expectQuiet()
  })

  test('the server shows its health and its work, and the audit log who did what', async () => {
    const page = await open('/server')
    await page.getByRole('region', { name: 'Claude Code processes' }).getByText('Busy').waitFor()
    await page.getByRole('region', { name: 'Health' }).getByText('healthy').waitFor()
    await expectAccessible(page)
    await page.getByRole('link', { name: 'Audit log' }).click()
    await page.getByText('session.create').first().waitFor()
    await page.getByLabel('Outcome').selectOption('failed')
    await page.getByText('No entries match').first().waitFor()
    await expectAccessible(page)
    page.expectQuiet()
  })

  test('a key that may only read finds nothing to write, and the reason where it looks for it', async () => {
    const key = await keyWith({ scopes: ['sessions:read'] })
    const page = await open('/sessions', { key })
    const navigation = page.getByRole('navigation', { name: 'Main' })
    await page.getByRole('button', { name: 'Actions of Spender⟨U+202E⟩' }).click()
    await page.getByRole('menuitem').first().waitFor()
    expect(await page.getByRole('menuitem').allInnerTexts()).toEqual(['Subagents and tasks'])
    await page.keyboard.press('Escape')
    expect(await page.getByRole('link', { name: 'New' }).count()).toBe(0)
    expect(await navigation.getByRole('link', { name: 'Usage' }).count()).toBe(0)
    await page.goto(`${shared().server.console}/inbox`)
    await page.getByText('Your key may see this, but not answer it.').first().waitFor()
    await page.getByText('touch x').first().waitFor()
    for (const [path, reason] of [
      ['/usage', 'Your key may not read usage'],
      ['/sessions/new', 'Your key may not create sessions'],
      ['/server/audit', 'Your key may not see audit log here'],
    ]) {
      await page.goto(`${shared().server.console}${path}`)
      await page
        .getByText(reason ?? '')
        .first()
        .waitFor()
      await expectAccessible(page)
    }
    page.expectQuiet()
  })

  test('a key that may only answer has the inbox alone', async () => {
    const page = await open('/', { key: await keyWith({ scopes: ['permissions:answer'] }), width: 375 })
    const refused: string[] = []
    page.on('response', response => {
      if (response.status() === 403) refused.push(response.url())
    })
    await page.getByRole('heading', { name: 'Inbox' }).waitFor()
    await page.getByRole('button', { name: 'Allow', exact: true }).waitFor()
    const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link')
    expect((await links.allInnerTexts()).map(text => text.replace(/\W+\d.*|\d/g, '').trim())).toEqual([
      'Inbox',
      'Server',
    ])
    await page.goto(`${shared().server.console}/server`)
    await page.getByRole('region', { name: 'Health' }).waitFor()
    await page.goto(`${shared().server.console}/sessions`)
    await page.getByText('Your key may not read sessions').first().waitFor()
    expect(refused).toEqual([])
    page.expectQuiet()
  })

  test('a key of one session opens it, and makes no other', async () => {
    const { sessionId, server } = shared()
    const key = await keyWith({ scopes: ['sessions:read', 'sessions:write', 'usage:read'], sessionId })
    const page = await open('/', { key })
    await expect.poll(() => page.url()).toBe(`${server.console}/sessions/${sessionId}`)
    expect(await page.getByRole('link', { name: 'New session' }).count()).toBe(0)
    await page.goto(`${server.console}/usage`)
    await page.getByText('It opens one session alone.').first().waitFor()
    page.expectQuiet()
  })
}

test('the page cannot be framed, nor its kind be guessed', async () => {
  const { headers } = await fetch(`${shared().server.console}/server`, { headers: { accept: 'text/html' } })
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  expect(headers.get('x-content-type-options')).toBe('nosniff')
})
