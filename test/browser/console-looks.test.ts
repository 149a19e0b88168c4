import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { toolUse } from '../../src/demo/answer.ts'
import { openMcpServer } from '../fixtures/mcp-server.ts'
import { openOnce } from '../support/lifetime.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { until } from '../support/open-sessions.ts'
import { openConsolePage, openConsoleServer } from './console-page.ts'

const command = 'date | tee date.txt'
/** What leads to a request of each kind. */
const prompts = {
  bash: `Use the tool Bash with ${JSON.stringify({ command, description: 'Show the date' })}`,
  write: 'Use the tool Write with {"file_path":"./made.txt","content":"made"}',
  question: 'Ask me a question',
  plan: 'Propose a plan',
  form: 'Please ask the person',
}
type Kind = keyof typeof prompts

const shared = openOnce(async () => {
  const mcp = await openMcpServer()
  const server = await openConsoleServer({ env: { CLAUDE_CODE_API_ALLOWED_PRIVATE_HOSTS: mcp.host } })
  server.model.script('ask the person', toolUse('mcp__people__ask_person', { message: 'Who is there?' }))
  const sessions = new Map<string, string>()
  for (const [kind, prompt] of Object.entries(prompts)) {
    const sessionId = await server.createSession({
      permissionPrompts: 'ask',
      ...(kind !== 'bash' && { title: `A ${kind} waits` }),
      ...(kind === 'plan' && { permissionMode: 'plan' }),
      ...(kind === 'form' && {
        mcpServers: { people: { type: 'http', url: mcp.url } },
        allowedTools: ['mcp__people'],
      }),
    })
    await server.ask(sessionId, prompt, { background: true })
    sessions.set(kind, sessionId)
  }
  const kinds = Object.keys(prompts).length
  await until(async () => (await server.call('GET', '/permissions')).body.pagination.total === kinds)
  const of = (kind: Kind) => sessions.get(kind) ?? ''
  return { server, of, browser: browserPath === undefined ? undefined : await openBrowser() }
})

const boxOf = async (place: Locator) => {
  const box = await place.boundingBox()
  if (box === null) throw new Error(`${place} is not shown`)
  return { ...box, bottom: box.y + box.height }
}

/** The buttons whose text is wider than they are. */
const tooWide = (page: Page) =>
  page.evaluate(`[...document.querySelectorAll('main button')]
    .filter(({ clientWidth, scrollWidth }) => clientWidth > 0 && scrollWidth > clientWidth)
    .map(({ textContent, clientWidth, scrollWidth }) => textContent + ': ' + scrollWidth + ' in ' + clientWidth)`)

if (browserPath !== undefined) {
  const open = (path: string, options?: Parameters<typeof openConsolePage>[3]) =>
    openConsolePage(shared().browser as Browser, shared().server, path, options)

  test.each([true, false])('no text of a button is wider than it (touch: %s)', async touch => {
    const page = await open('/inbox', { width: 320, touch })
    await expect.poll(() => page.getByRole('article').count()).toBe(Object.keys(prompts).length)
    await page.getByRole('button', { name: 'Approve plan' }).waitFor()
    await page.getByRole('button', { name: 'Send', exact: true }).waitFor()
    const bash = page.getByRole('article').filter({ hasText: command })
    for (const width of [320, 375, 430]) {
      await page.setViewportSize({ width, height: 812 })
      expect(await tooWide(page), `${width} px`).toEqual([])
      const [edit, deny] = ['Edit', 'Deny'].map(name => bash.getByRole('button', { name, exact: true }))
      // Cards above may still grow between one look and the other.
      const apart = async () => (await boxOf(deny as Locator)).y - (await boxOf(edit as Locator)).y
      await expect.poll(apart).toBe(0)
    }
    for (const kind of Object.keys(prompts) as Kind[]) {
      await page.goto(`${shared().server.console}/sessions/${shared().of(kind)}`)
      await page.getByRole('article').waitFor()
      await page.getByRole('button', { name: /^(Deny|Refuse|Send back|Decline)/ }).waitFor()
      for (const width of [320, 375, 430]) {
        await page.setViewportSize({ width, height: 812 })
        expect(await tooWide(page), `${kind}, ${width} px`).toEqual([])
      }
    }
    page.expectQuiet()
  })

  test('a card says nothing twice, and goes by names of the page', async () => {
    const page = await open('/inbox')
    const bash = page.getByRole('article').filter({ hasText: command })
    await bash.getByText(command).first().waitFor()
    expect(await bash.getByText('Show the date', { exact: true }).count()).toBe(1)
    const write = page.getByRole('article', { name: 'Permission: Write' })
    expect(await write.getByText('made.txt').count()).toBe(1)
    await page.getByRole('article', { name: 'Question', exact: true }).waitFor()
    await page.getByRole('article', { name: 'Plan', exact: true }).waitFor()
    expect(await page.getByText(/AskUserQuestion|ExitPlanMode/).count()).toBe(0)
    // It has no title before its first turn has ended.
    await bash.getByRole('link', { name: /^Use the tool Bash/ }).waitFor()
    const more = page.getByRole('menuitem', { name: 'Continue with “Accept edits”' })
    // A card that changes at this moment closes its menu.
    const opens = async () => {
      if (!(await more.isVisible())) {
        await write.getByRole('button', { name: 'Allow more for this session' }).click()
      }
      return more.isVisible()
    }
    await expect.poll(opens, { interval: 500, timeout: 60_000 }).toBe(true)
    page.expectQuiet()
  })

  test.each([{ width: 375, touch: true }, { width: 1440 }])(
    'a message in passing covers neither the composer nor the tab bar (%j)',
    async options => {
      const { server } = shared()
      const sessionId = await server.createSession({ title: 'Toasts' })
      const page = await open(`/sessions/${sessionId}`, options)
      const field = page.getByRole('textbox', { name: 'Prompt' })
      await field.fill('one\ntwo\nthree\nfour\nfive')
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      // It passes after five seconds, which a stall of the machine may take.
      await page.evaluate(`(setTimeout => {
        window.setTimeout = (run, ms, ...rest) => setTimeout(run, ms > 1_000 ? 600_000 : ms, ...rest)
      })(setTimeout)`)
      await page.getByRole('button', { name: 'Session actions' }).click()
      await page.getByRole('menuitem', { name: 'Copy id' }).click()
      const toast = page.getByRole('dialog').filter({ hasText: 'Id copied' })
      await toast.waitFor()
      const { y: top } = await boxOf(field)
      await expect.poll(async () => (await boxOf(toast)).bottom).toBeLessThan(top)
      page.expectQuiet()
    },
  )

  test('the error of a failed turn is shown once', async () => {
    const { server } = shared()
    const sessionId = await server.createSession({ title: 'Fails' })
    await server.ask(sessionId, 'Fail with 401')
    const page = await open(`/sessions/${sessionId}`)
    const log = page.getByRole('log', { name: 'Messages' })
    await log.getByText('rejected the credentials').waitFor()
    expect(await log.getByText('You asked me to fail with 401').count()).toBe(1)
    page.expectQuiet()
  })

  test('what a form sent wrongly is said once, in the words of the page', async () => {
    const { server } = shared()
    await server.createSession({ title: 'Tagged' })
    const page = await open('/sessions')
    await page.getByRole('button', { name: 'Actions of Tagged' }).click()
    await page.getByRole('menuitem', { name: 'Title and tags' }).click()
    await page.getByRole('textbox', { name: 'Tags' }).fill('x'.repeat(60))
    await page.getByRole('button', { name: 'Save' }).click()
    const alert = page.getByRole('alert')
    await alert.getByText('Tags, number 1: at most 50 characters', { exact: true }).waitFor()
    expect(await alert.innerText()).not.toContain('Too big')
    page.expectQuiet()
  })

  test('the conversation and its composer have the same centre, though the conversation scrolls', async () => {
    const { server } = shared()
    const sessionId = await server.createSession({ title: 'Long' })
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`).join('\n')
    await server.ask(sessionId, lines)
    const page = await open(`/sessions/${sessionId}`)
    const prompt = page.getByRole('log').getByText('line 39')
    await prompt.waitFor()
    const centreOf = async (place: Locator) => {
      const { x, width } = await boxOf(place)
      return x + width / 2
    }
    const content = page.getByRole('log').locator('> div')
    const field = page.getByRole('textbox', { name: 'Prompt' })
    expect(await centreOf(content)).toBeCloseTo(await centreOf(field), 0)
    page.expectQuiet()
  })

  test('rows of files are high enough for fingers', async () => {
    const { server } = shared()
    const sessionId = await server.createSession({ title: 'Files', workspace: { type: 'empty' } })
    const { workingDirectory } = (await server.call('GET', `/sessions/${sessionId}`)).body
    writeFileSync(join(workingDirectory, 'a file.txt'), 'text')
    const page = await open(`/sessions/${sessionId}/files`, { width: 375, touch: true })
    const row = page.getByRole('treeitem', { name: /a file/ })
    await row.waitFor()
    expect((await boxOf(row)).height).toBeGreaterThanOrEqual(44)
    page.expectQuiet()
  })
}

test('an error has what the page describes it by', async () => {
  const { server, of } = shared()
  const { body } = await server.call('PATCH', `/sessions/${of('bash')}`, { tags: ['x'.repeat(60)] })
  expect(body.error.details.issues).toEqual([
    { path: 'tags[0]', message: 'Too big: expected string to have <=50 characters' },
  ])
})
