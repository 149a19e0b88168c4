import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openOnce } from '../support/lifetime.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { until } from '../support/open-sessions.ts'
import { appendMessages } from '../support/seed-session.ts'
import { expectAccessible, openConsolePage, openConsoleServer } from './console-page.ts'

/** Far more than a page reads at first. */
const later = Array.from({ length: 10_000 }, (_, index) => ({
  type: 'assistant',
  message: {
    id: `m${index}`,
    type: 'message',
    role: 'assistant',
    model: 'made-up',
    content: [{ type: 'text', text: `later ${index}` }],
  },
  parent_tool_use_id: null,
}))

const shared = openOnce(async () => {
  const server = await openConsoleServer()
  const project = join(server.workspace, 'project')
  mkdirSync(join(project, '.claude/agents'), { recursive: true })
  writeFileSync(
    join(project, '.claude/agents/helper.md'),
    '---\nname: helper\ndescription: Helps\n---\nYou help.\n',
  )
  const old = await server.createSession({ title: 'Long ago' })
  const asked: string[] = []
  for (const prompt of ['What is 2 times 2?', 'What is 6 times 7?', 'What is 3 times 3?']) {
    asked.push((await server.ask(old, prompt)).body.turnId)
  }
  await server.stop()
  await appendMessages(join(server.home, 'data'), old, later)
  await server.start()
  return { server, project, old, asked, browser: browserPath === undefined ? undefined : await openBrowser() }
})

const field = (page: Page) => page.getByRole('textbox', { name: 'Prompt' })
const log = (page: Page) => page.getByRole('log', { name: 'Messages' })
const openTab = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Session' }).getByRole('link', { name }).click()

if (browserPath !== undefined) {
  const open = (path: string, options?: Parameters<typeof openConsolePage>[3]) =>
    openConsolePage(shared().browser as Browser, shared().server, path, options)
  const makeKey = async (...scopes: string[]) =>
    (await shared().server.call('POST', '/keys', { name: 'a person', scopes })).body
  const send = async (page: Page, prompt: string) => {
    await field(page).fill(prompt)
    await field(page).press('Enter')
  }
  const ends = async (page: Page, answer: string) => {
    await log(page).getByText(answer).last().waitFor()
    await page.getByText('Claude is working').waitFor({ state: 'detached' })
  }

  test('background tasks are shown with their state and stopped, and a subagent is a thread in its call', async () => {
    const { server, project } = shared()
    await server.createSession({ title: 'Tasks', cwd: project, allowedTools: ['Bash'] })
    const command = { command: 'sleep 1000', description: 'sleep long', run_in_background: true }
    server.model.script('sleep in the background', [toolUse('Bash', command), text('It sleeps')])
    const errand = { description: 'help out', prompt: 'the errand', subagent_type: 'helper' }
    server.model.script('ask the helper', [
      toolUse('Agent', { ...errand, run_in_background: false }),
      text('The helper is done'),
    ])
    server.model.script('the errand', [
      toolUse('Bash', { command: 'echo hi', description: 'say hi' }),
      text('I have said hi'),
    ])
    // The list of sessions has read the same tasks before.
    const page = await open('/sessions')
    await page.getByRole('button', { name: 'Actions of Tasks' }).click()
    await page.getByRole('menuitem', { name: /subagents/i }).click()
    await page.getByText('This session has started no subagents').waitFor()
    await page.getByRole('link', { name: 'Tasks', exact: true }).click()
    await send(page, 'sleep in the background')
    await ends(page, 'It sleeps')
    await page.getByRole('button', { name: '1 task runs in the background' }).click()
    const tasks = page.getByRole('group', { name: 'Background tasks' })
    await tasks.getByText('running').waitFor()
    await expectAccessible(page)
    await tasks.getByRole('button', { name: 'Stop the task sleep long' }).click()
    await tasks.getByText('stopped').waitFor()
    await page.getByRole('button', { name: 'The background tasks have ended' }).waitFor()
    expect(await tasks.getByRole('button').count()).toBe(0)

    await send(page, 'ask the helper')
    await ends(page, 'The helper is done')
    await log(page)
      .getByRole('button', { name: /^Agent/ })
      .click()
    // By keyboard: the log still scrolls to its end, and may take the button away from under the pointer.
    await log(page)
      .getByRole('button', { name: /messages of the subagent/ })
      .press('Enter')
    await log(page).getByText('I have said hi').first().waitFor()
    await log(page)
      .getByRole('button', { name: /^Bash.*echo hi|^Bash.*say hi/ })
      .waitFor()
    await expectAccessible(page)
    page.expectQuiet()
  })

  test('a session that ends in the middle of a turn says so, and a fork takes the draft along', async () => {
    const { server } = shared()
    const sessionId = await server.createSession({ title: 'Over soon' })
    await server.ask(sessionId, 'What is 6 times 7?')
    const page = await open(`/sessions/${sessionId}`)
    await send(page, 'Count slowly to 1000')
    await log(page)
      .getByText(/1\s2\s3/)
      .waitFor()
    await send(page, 'Hello')
    await page.getByRole('region', { name: 'Waiting prompts' }).waitFor()
    await field(page).fill('My next thought')
    await server.call('DELETE', `/sessions/${sessionId}`)
    await page.getByText('This session has ended.').waitFor()
    await page.getByText('Claude is working').waitFor({ state: 'detached' })
    // The state of the session and its events come on ways of their own.
    await page.getByRole('region', { name: 'Waiting prompts' }).waitFor({ state: 'detached' })
    expect(await field(page).count()).toBe(0)
    await expectAccessible(page)
    await openTab(page, 'Context')
    await page.getByText('Claude has no context of it any more').waitFor()
    await openTab(page, 'Conversation')
    expect(await page.getByRole('link', { name: 'New session' }).last().getAttribute('href')).toBe(
      '/console/sessions/new',
    )
    await page.getByRole('button', { name: 'Fork to continue' }).click()
    await page.waitForURL(url => url.pathname.includes('/sessions/') && !url.pathname.includes(sessionId))
    await field(page).waitFor()
    await page.getByRole('heading', { name: 'Fork of Over soon' }).waitFor()
    await page.getByText('same directory').first().waitFor()
    expect(await field(page).inputValue()).toBe('My next thought')
    await log(page).getByText('What is 6 times 7?').waitFor()
    page.expectQuiet()
  })

  test('a link to a turn far back opens at its prompt; one that leads nowhere says so, at the end', async () => {
    const { old, asked } = shared()
    const page = await open(`/sessions/${old}/turns/${asked[1]}`)
    const target = log(page).locator('[aria-current=location]')
    await target.getByText('What is 6 times 7?').waitFor()
    const distance = async () =>
      Math.abs(((await target.boundingBox())?.y ?? 0) - ((await log(page).boundingBox())?.y ?? 0))
    await expect.poll(distance, { timeout: 30_000 }).toBeLessThan(60)
    await log(page).getByText('6 times 7 is 42').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Jump to latest' }).click()
    await log(page).getByText('later 9999').waitFor()

    await page.goto(page.url().replace(asked[1] ?? '', '00000000-0000-4000-8000-000000000000'))
    await page.getByText('This session has no turn with the id in this address.').waitFor()
    await log(page).getByText('later 9999').waitFor()
    page.expectQuiet()
  })

  test('the context tab shows what fills the window', async () => {
    const { server } = shared()
    const sessionId = await server.createSession({ title: 'Full' })
    await server.ask(sessionId, 'What is 6 times 7?')
    const page = await open(`/sessions/${sessionId}/context`)
    await page.getByRole('heading', { name: /^[\d.,]+K? of [\d.,]+[KM]? tokens, \d+ %$/ }).waitFor()
    const part = (name: RegExp) => page.getByRole('listitem').filter({ hasText: name }).first()
    await part(/^System prompt[\d.,]+K? tokens · \d+\.\d %$/).waitFor()
    await part(/^Free space/).waitFor()
    await page.getByRole('heading', { name: 'Skills' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Compact now' }).click()
    await page.getByText('The conversation was summarised').first().waitFor()
    await openTab(page, 'Conversation')
    await log(page).getByText('The conversation was summarised here to make room').waitFor()
    page.expectQuiet()
  })

  test('a key that has ended leads to the login, and a new text of it back to the same place', async () => {
    const { server } = shared()
    const sessionId = await server.createSession({ title: 'Private' })
    const { body } = await server.ask(sessionId, 'What is 6 times 7?')
    const { key, keyId } = await makeKey('sessions:read', 'sessions:write')
    const path = `/sessions/${sessionId}/turns/${body.turnId}`
    const page = await open(path, { key })
    await log(page).getByText('What is 6 times 7?').waitFor()
    await field(page).fill('Keep this')
    const logIn = async (next: string) => {
      await page.getByText('Your login has ended').waitFor()
      await page.getByLabel('API key').fill(next)
      await page.getByRole('button', { name: 'Log in' }).click()
    }
    const { body: rotated } = await server.call('POST', `/keys/${keyId}/rotate`, { graceMs: 0 })
    await page.getByText('Your login has ended').waitFor()
    await expectAccessible(page)
    await logIn(rotated.key)
    await log(page).getByText('What is 6 times 7?').waitFor()
    expect(new URL(page.url()).pathname).toBe(`/console${path}`)
    expect(await field(page).inputValue()).toBe('Keep this')
    await send(page, 'What is 5 times 5?')
    await ends(page, '5 times 5 is 25')

    // Another key may be of another person.
    await field(page).fill('A private note')
    await server.call('DELETE', `/keys/${keyId}`)
    await logIn((await makeKey('sessions:read', 'sessions:write')).key)
    await log(page).getByText('What is 6 times 7?').waitFor()
    expect(await field(page).inputValue()).toBe('')
    page.expectQuiet()
  })

  test('an open request shows its input once, and the call again when it is answered', async () => {
    const { server } = shared()
    const sessionId = await server.createSession({ title: 'Asks', permissionPrompts: 'ask' })
    const page = await open(`/sessions/${sessionId}`)
    await send(page, 'Create a file notes.txt with the text once-only')
    const card = page.getByRole('article', { name: 'Permission: Write' })
    await card.getByText('once-only').waitFor()
    await log(page).getByRole('img', { name: 'Waits for you' }).waitFor()
    const call = log(page).getByRole('button', { name: /^Write/ })
    expect(await call.getAttribute('aria-expanded')).toBe('false')
    expect(await log(page).getByText('once-only').count()).toBe(2)
    await expectAccessible(page)
    await card.getByRole('button', { name: 'Allow', exact: true }).click()
    await ends(page, 'Write is done')
    expect(await call.getAttribute('aria-expanded')).toBe('true')
    page.expectQuiet()
  })

  test('a key that may only read sees everything that it may, and no control that is refused', async () => {
    const { server } = shared()
    const workspace = { type: 'empty' }
    const sessionId = await server.createSession({ title: 'Look', workspace, permissionPrompts: 'ask' })
    await server.ask(sessionId, 'Fail with 529')
    await server.ask(sessionId, 'Create a file notes.txt with the text seen', { background: true })
    const openAs = async (path: string, ...scopes: string[]) => {
      const page = await open(path, { key: (await makeKey(...scopes)).key })
      const refused: string[] = []
      page.on('response', response => {
        if (response.status() === 403) refused.push(response.url())
      })
      return { page, refused }
    }
    const { page, refused } = await openAs(`/sessions/${sessionId}`, 'sessions:read')
    const card = page.getByRole('article', { name: 'Permission: Write' })
    await card.getByText('Your key may see this, but not answer it.').waitFor()
    await card.getByText('seen').waitFor()
    await page.getByText('Your key may read this session, but not write to it.').waitFor()
    await log(page).getByText('Failed', { exact: true }).waitFor()
    expect(await card.getByRole('button', { name: /Allow|Edit|Deny/ }).count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Run again' }).count()).toBe(0)
    expect(await field(page).count()).toBe(0)
    const items = async (menu: string) => {
      await page.getByRole('button', { name: menu }).first().click()
      await page.getByRole('menuitem').first().waitFor()
      const names = await page.getByRole('menuitem').allInnerTexts()
      await page.keyboard.press('Escape')
      await page.getByRole('menuitem').first().waitFor({ state: 'detached' })
      return names
    }
    expect(await items('Session actions')).toEqual([
      'Export as Markdown',
      'Export as HTML',
      'Export as JSON',
      'Copy id',
    ])
    expect(await items('Turn actions')).toEqual(['Copy link to this turn'])
    for (const tab of ['Changes', 'Files']) {
      await openTab(page, tab)
      await page.getByText(`Your key may not see ${tab.toLowerCase()}`).waitFor()
    }
    await expectAccessible(page)
    await openTab(page, 'Context')
    await page.getByRole('heading', { name: /tokens/ }).waitFor()
    expect(await page.getByRole('button', { name: 'Compact now' }).count()).toBe(0)
    expect(refused).toEqual([])

    await until(async () => (await server.call('GET', '/permissions')).body.pagination.total > 0)
    const [request] = (await server.call('GET', '/permissions')).body.permissions
    await server.call('POST', `/sessions/${sessionId}/permissions/${request.permissionId}`, {
      decision: 'allow',
    })
    const reader = await openAs(`/sessions/${sessionId}/changes`, 'sessions:read', 'workspace:read')
    const change = reader.page.getByRole('region', { name: 'notes.txt' })
    await change.getByText('seen').waitFor()
    expect(await change.getByRole('button', { name: /Comment/ }).count()).toBe(0)
    await openTab(reader.page, 'Files')
    await reader.page.getByRole('treeitem', { name: 'notes.txt' }).click()
    await reader.page.getByRole('region', { name: 'Content of notes.txt' }).getByText('seen').waitFor()
    for (const control of ['Edit', 'Delete', 'Upload files', 'New file']) {
      expect(await reader.page.getByRole('button', { name: control }).count(), control).toBe(0)
    }
    expect(reader.refused).toEqual([])
    page.expectQuiet()
    reader.page.expectQuiet()
  })

  test('a key of one session offers no fork, which it could not open', async () => {
    const { server } = shared()
    const sessionId = await server.createSession({ title: 'Mine' })
    const scopes = ['sessions:read', 'sessions:write']
    const { key } = (await server.call('POST', '/keys', { name: 'a guest', scopes, sessionId })).body
    const page = await open(`/sessions/${sessionId}`, { key })
    await field(page).waitFor()
    await page.getByRole('button', { name: 'Session actions' }).click()
    await page.getByRole('menuitem', { name: 'Title and tags' }).waitFor()
    expect(await page.getByRole('menuitem', { name: 'Fork' }).count()).toBe(0)
    page.expectQuiet()
  })

  test('a conversation that could not be read is read again, and a screen that fails leaves the others', async () => {
    const { server } = shared()
    const sessionId = await server.createSession({ title: 'Try again' })
    await server.ask(sessionId, 'What is 6 times 7?')
    const page = await open('/sessions')
    const error = { code: 'FORBIDDEN', message: 'Not today' }
    await page.route('**/events*', route => route.fulfill({ status: 403, json: { error } }))
    await page.getByRole('link', { name: 'Try again' }).first().click()
    await page.getByText('Not today').waitFor()
    await page.unroute('**/events*')
    await page.getByRole('button', { name: 'Try again' }).click()
    await log(page).getByText('What is 6 times 7?').waitFor()

    await page.route('**/context*', route => route.fulfill({ json: { totalTokens: 1 } }))
    await openTab(page, 'Context')
    await page.getByText('The page made a mistake').waitFor()
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Inbox' }).click()
    await page.getByRole('heading', { name: 'Inbox' }).waitFor()
  })
}

test('the address of a turn is served to everyone, without what was said', async () => {
  const { server, old, asked } = shared()
  const address = `${server.console}/sessions/${old}/turns/${asked[1]}`
  const response = await fetch(address, { headers: { accept: 'text/html' } })
  expect(response.status).toBe(200)
  expect(await response.text()).not.toContain('What is 6 times 7?')
})
