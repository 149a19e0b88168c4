import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openOnce } from '../support/lifetime.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { openPushService } from '../support/push-service.ts'
import { expectAccessible, openConsolePage, openConsoleServer } from './console-page.ts'

const shared = openOnce(async () => {
  const service = await openPushService()
  const certificate = join(temporaryDirectory(), 'push-service.pem')
  writeFileSync(certificate, service.certificate)
  const server = await openConsoleServer({
    args: ['--allowed-host', 'console.example', 'localhost', '127.0.0.1'],
    env: {
      CLAUDE_CODE_API_ALLOWED_PRIVATE_HOSTS: service.host,
      CLAUDE_CODE_API_PUSH_ALLOWED_HOSTS: service.host,
      NODE_EXTRA_CA_CERTS: certificate,
    },
  })
  return { server, service, browser: browserPath === undefined ? undefined : await openBrowser() }
})

interface ShownNotification {
  title: string
  body: string
}

/** What the operating system would show. */
function shownNotifications(page: Page): Promise<ShownNotification[]> {
  return page.evaluate(
    'navigator.serviceWorker.ready.then(async found => (await found.getNotifications()).map(({ title, body }) => ({ title, body })))',
  )
}

/** Chromium can be given no push service, so that the page gets a subscription to the one of the test. */
async function subscribeTo(page: Page, subscription: object): Promise<void> {
  await page.addInitScript(`
    let standing = null
    PushManager.prototype.getSubscription = async () => standing
    PushManager.prototype.subscribe = async ({ applicationServerKey }) => standing = {
      options: { applicationServerKey },
      toJSON: () => (${JSON.stringify(subscription)}),
      unsubscribe: async () => { standing = null; return true },
    }`)
}

/** Hands pushed messages to the service worker of the page, as the browser does. */
async function openDelivery(page: Page): Promise<(data: string) => Promise<void>> {
  const session = await page.context().newCDPSession(page)
  const registered = new Promise<string>(resolve => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const found = registrations.find(({ isDeleted }) => !isDeleted)
      if (found) resolve(found.registrationId)
    })
  })
  await session.send('ServiceWorker.enable')
  const registrationId = await registered
  const { origin } = new URL(page.url())
  return data =>
    session.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data }) as Promise<never>
}

if (browserPath !== undefined) {
  test('a browser subscribes, is told of a request over the push service, and a logout ends it', async () => {
    const { server, service } = shared()
    const phone = service.browser('phone')
    const page = await openConsolePage(shared().browser as Browser, server, '/sessions')
    await page.context().grantPermissions(['notifications'], { origin: server.url })
    await subscribeTo(page, phone.subscription)
    await page.goto(`${server.console}/inbox`)
    await page.getByRole('button', { name: 'Notify me' }).click()
    await page.getByLabel('With the title of the session').check()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Turn on' }).click()
    await page.getByRole('button', { name: 'Send a test' }).click()
    await until(() => phone.messages.some(({ kind }) => kind === 'test'))
    await page.keyboard.press('Escape')

    const deliver = await openDelivery(page)
    const sessionId = await server.createSession({ title: 'Deploy', permissionPrompts: 'ask' })
    await server.ask(sessionId, 'Use the tool Bash with {"command":"touch x"}', { background: true })
    await until(() => phone.messages.some(({ kind }) => kind === 'request'))
    await deliver(JSON.stringify(phone.messages.find(({ kind }) => kind === 'request')))
    await expect
      .poll(() => shownNotifications(page))
      .toEqual([{ title: 'Deploy', body: 'Something waits for you' }])

    await page.getByRole('navigation', { name: 'Main' }).getByRole('button').last().click()
    await page.getByRole('menuitem', { name: 'Log out' }).click()
    await page.getByLabel('API key').waitFor()
    expect((await server.call('GET', '/push-subscriptions')).body.subscriptions).toEqual([])
    page.expectQuiet()
  })

  test('at an insecure address the page says why there are no notifications', async () => {
    const { server, browser } = shared()
    const url = server.url.replace('127.0.0.1', 'console.example')
    const page = await openConsolePage(browser as Browser, { url, console: `${url}/console` }, '/inbox')
    await page.getByRole('button', { name: 'Notify me' }).click()
    await page.getByText('Browsers allow notifications over https or on localhost only.').first().waitFor()
    await expectAccessible(page)
    page.expectQuiet()
  })
}

test('the service worker may have the whole console as its scope, and is not kept by caches', async () => {
  const { headers, status } = await fetch(`${shared().server.console}/sw.js`)
  expect(status).toBe(200)
  expect(headers.get('content-type')).toContain('javascript')
  expect(headers.get('cache-control')).toContain('no-cache')
})
