import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openOnce } from '../support/lifetime.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { openConsolePage, openConsoleServer } from './console-page.ts'

const shared = openOnce(async () => ({
  browser: browserPath === undefined ? undefined : await openBrowser(),
  server: await openConsoleServer(),
}))

const nothing = (page: Page) => page.getByText('Nothing waits for you', { exact: true }).last().waitFor()

if (browserPath !== undefined) {
  const open = (path: string, options?: Parameters<typeof openConsolePage>[3]) =>
    openConsolePage(shared().browser as Browser, shared().server, path, options)

  const questionsNamed = (...names: string[]) =>
    names.map(question => ({
      ...{ question, header: 'hasOwnProperty', multiSelect: false },
      options: ['toString', 'no'].map(label => ({ label, description: '' })),
    }))

  test.each([
    [['constructor', 'toString', 'valueOf'], 'Answer'],
    // The API takes no such key, so that nobody can answer; it can be refused.
    [['__proto__'], 'Refuse'],
  ])('questions with the names %j are shown, and settled by %s', async (names, end) => {
    const { server } = shared()
    server.model.script(`odd ${names}`, ({ round }) =>
      round > 0 ? text('Heard.') : toolUse('AskUserQuestion', { questions: questionsNamed(...names) }),
    )
    const sessionId = await server.createSession({ permissionPrompts: 'ask' })
    await server.ask(sessionId, `odd ${names}`, { background: true })
    const page = await open('/inbox')
    for (const name of names) {
      await page.getByRole('group', { name }).getByRole('radio', { name: 'no' }).check()
    }
    await page.getByRole('button', { name: end }).click()
    if (end === 'Refuse') await page.getByRole('button', { name: end }).click()
    await nothing(page)
    page.expectQuiet()
  })

  test('a list of tasks with odd states is a list of tasks', async () => {
    const { server } = shared()
    const todos = ['constructor', '__proto__', { toString: 1, valueOf: 1 }, 'completed'].map(status => ({
      ...{ status, content: `state ${JSON.stringify(status)}`, activeForm: 'x' },
    }))
    server.model.script('odd tasks', ({ round }) =>
      round > 0 ? text('Listed.') : toolUse('TodoWrite', { todos }),
    )
    const sessionId = await server.createSession()
    await server.ask(sessionId, 'odd tasks')
    const page = await open(`/sessions/${sessionId}`)
    await page.getByText('Listed.').waitFor()
    await page.getByText('state "__proto__"').first().waitFor()
    page.expectQuiet()
  })

  test('keys that go on from before decide nothing', async () => {
    const { server } = shared()
    const file = join(server.workspace, 'typed.txt')
    server.model.script('typed', ({ round }) =>
      round > 0 ? text('Done.') : toolUse('Bash', { command: `echo ran >> ${file}` }),
    )
    const sessionId = await server.createSession({ permissionPrompts: 'ask' })
    await server.ask(sessionId, 'typed', { background: true })
    const page = await open('/inbox')
    await page.getByRole('button', { name: 'Allow', exact: true }).waitFor()
    // A pause between two of them may be long where the machine stalls: for the page, no time goes by.
    await page.evaluate('(now => { performance.now = () => now })(performance.now())')
    for (const key of 'banana'.repeat(3)) await page.keyboard.press(key)
    // A key that is held down repeats itself.
    for (let count = 0; count < 5; count++) await page.keyboard.down('a')
    await page.keyboard.up('a')
    await page.evaluate('delete performance.now')
    const { permissions } = (await server.call('GET', `/sessions/${sessionId}/permissions`)).body
    expect(permissions).toMatchObject([{ status: 'pending' }])
    // So long no key may have been pressed before one that decides.
    await page.waitForTimeout(1_500)
    await page.keyboard.press('a')
    await nothing(page)
    await expect.poll(() => readFileSync(file, 'utf8'), { timeout: 60_000 }).toBe('ran\n')
  })

  test('a link with a key does not replace a login without being asked', async () => {
    const { server } = shared()
    const made = await server.call('POST', '/keys', { name: 'not mine', scopes: ['sessions:read'] })
    const page = await open('/sessions')
    const cookies = JSON.stringify(await page.context().cookies())
    for (const answer of ['Stay logged in', 'Use the other key']) {
      await page.goto('about:blank')
      await page.goto(`${server.console}/sessions#key=${made.body.key}`)
      await page.getByRole('dialog', { name: 'Log in with another key?' }).waitFor()
      expect(page.url()).not.toContain(made.body.key)
      expect(JSON.stringify(await page.context().cookies())).toBe(cookies)
      await page.getByRole('button', { name: answer }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    expect(JSON.stringify(await page.context().cookies())).not.toBe(cookies)
    page.expectQuiet()
  })

  test('a drawing of the session is shown as data, which has no origin', async () => {
    const { server } = shared()
    const drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>1</script></svg>'
    writeFileSync(join(server.workspace, 'drawing.svg'), drawing)
    const sessionId = await server.createSession()
    const page = await open(`/sessions/${sessionId}/files?path=drawing.svg`)
    const image = page.getByRole('img', { name: 'drawing.svg' })
    await image.waitFor()
    expect(await image.getAttribute('src')).toMatch(/^data:image\/svg\+xml/)
    page.expectQuiet()
  })

  test.each([
    ['a table', `${'|a'.repeat(700)}|\n${'|-'.repeat(700)}|\n${'|\n'.repeat(700)}`],
    ['emphasis', '*a_ '.repeat(15_000)],
    ['links', '[a]('.repeat(15_000)],
    ['quotes', Array.from({ length: 300 }, (_, depth) => '> '.repeat(depth)).join('\n')],
    ['notes', '[^a'.repeat(20_000)],
  ])('%s that would blow up stays text, and the page answers', async (name, said) => {
    const { server } = shared()
    server.model.script(`blow up ${name}`, () => text(`begin\n\n${said}`))
    const sessionId = await server.createSession()
    await server.ask(sessionId, `blow up ${name}`)
    const page = await open(`/sessions/${sessionId}`)
    await page.getByText('begin').first().waitFor()
    expect(await page.evaluate('document.getElementsByTagName("*").length')).toBeLessThan(3_000)
    // With them, the layout of the links takes seconds.
    const ligatures = page.evaluate('getComputedStyle(document.querySelector("main")).fontVariantLigatures')
    expect(await ligatures).toBe('no-contextual')
    page.expectQuiet()
  })
}

test('the policy of the page allows neither frames nor scripts of others', async () => {
  const { headers } = await fetch(`${shared().server.console}/`)
  const policy = headers.get('content-security-policy') ?? ''
  for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) {
    expect(policy).toContain(rule)
  }
})
