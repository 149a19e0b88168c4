import type { Browser } from 'playwright-core'
import { expect, test } from 'vitest'
import { openOnce } from '../support/lifetime.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { consoleKey, expectAccessible, openConsolePage, openConsoleServer } from './console-page.ts'

const shared = openOnce(async () => ({
  browser: browserPath === undefined ? undefined : await openBrowser(),
  server: await openConsoleServer(),
}))

if (browserPath !== undefined) {
  const open = (path?: string, options?: Parameters<typeof openConsolePage>[3]) =>
    openConsolePage(shared().browser as Browser, shared().server, path, options)

  test('a key is typed once; a wrong one is refused; a logout ends the login', async () => {
    const page = await open('/inbox', { key: null })
    await expectAccessible(page)
    await page.getByLabel('API key').fill('wrong')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('alert').getByText('The API key is not valid').waitFor()
    await page.getByLabel('API key').fill(consoleKey)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('heading', { name: 'Inbox' }).waitFor()
    const cookies = await page.context().cookies()
    expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict', path: '/console' }])
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(
      consoleKey,
    )
    await page.goto(`${shared().server.console}/sessions/new`)
    await page.getByLabel('Prompt').fill('A private note')
    await page.getByLabel('Tags').fill('private')
    await page.reload()
    expect(await page.getByLabel('Prompt').inputValue()).toBe('A private note')
    expect(await page.getByLabel('Tags').inputValue()).toBe('')
    await page.getByRole('navigation', { name: 'Main' }).getByRole('button').last().click()
    await page.getByRole('menuitemradio', { name: 'Light theme' }).click()
    await page.getByRole('menuitem', { name: 'Log out' }).click()
    await page.getByLabel('API key').waitFor()
    expect(await page.evaluate(() => ({ ...localStorage, ...sessionStorage }))).toEqual({
      'console.theme': 'light',
    })
    await page.reload()
    await page.getByLabel('API key').waitFor()
    page.expectQuiet()
  })

  test('the link of the demo logs in, and its key stays in no address', async () => {
    const page = await open('/sessions')
    await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor()
    await page.goBack()
    expect(page.url()).not.toContain(consoleKey)
    page.expectQuiet()
  })

  test('a key that is revoked underneath leads back to the login', async () => {
    const { server } = shared()
    const made = await server.call('POST', '/keys', { name: 'a phone', scopes: ['sessions:read'] })
    const page = await open('/sessions', { key: made.body.key })
    await page.getByText('No sessions yet').waitFor()
    await server.call('DELETE', `/keys/${made.body.keyId}`)
    await page.getByLabel('API key').waitFor()
    page.expectQuiet()
  })

  test('keys are made with a key that is typed again, and shown once', async () => {
    const page = await open('/server/keys')
    await page.getByLabel('API key').fill(consoleKey)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'New key' }).click()
    await page.getByLabel('Name').fill('a bot')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Make key' }).click()
    const key = await page
      .getByRole('dialog')
      .getByText(/^ccak_/)
      .innerText()
    await page.getByRole('button', { name: 'Done' }).click()
    const answer = await fetch(`${shared().server.url}/api/v1/caller`, { headers: { 'x-api-key': key } })
    expect(await answer.json()).toMatchObject({ name: 'a bot' })
    await page.getByRole('button', { name: 'Actions of the key a bot' }).click()
    await page.getByRole('menuitem', { name: 'Revoke' }).click()
    await page.getByRole('button', { name: 'Revoke key' }).click()
    await expect.poll(() => page.getByText('a bot', { exact: true }).count()).toBe(0)
    page.expectQuiet()
  })
}

test('the page is served to everyone, with its policy, and holds nothing', async () => {
  const response = await fetch(`${shared().server.console}/sessions/x`, { headers: { accept: 'text/html' } })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
  expect(await response.text()).toContain('<script type="module"')
})
