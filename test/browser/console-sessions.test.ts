import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import { openOnce } from '../support/lifetime.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { expectAccessible, openConsolePage, openConsoleServer } from './console-page.ts'

const shared = openOnce(async () => {
  const server = await openConsoleServer()
  const repository = join(server.workspace, 'repository')
  mkdirSync(repository)
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], { cwd: repository })
  git('init', '-q', '-b', 'main')
  git('commit', '-q', '--allow-empty', '-m', 'Begin')
  return { server, repository, browser: browserPath === undefined ? undefined : await openBrowser() }
})

const hostile = `<script>alert(1)</script> \u202egnp.exe ${'long '.repeat(90)}`.slice(0, 500)

if (browserPath !== undefined) {
  const open = (path = '/sessions', options?: Parameters<typeof openConsolePage>[3]) =>
    openConsolePage(shared().browser as Browser, shared().server, path, options)
  const row = (page: Page, title: string) => page.getByRole('link', { name: title, exact: true })
  const expectNoOverflow = async (page: Page) =>
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)

  test('a session is made in each kind of place, with its settings', async () => {
    const { server, repository } = shared()
    const page = await open('/sessions/new', { width: 375, touch: true })
    const make = async (place: string, fill: () => Promise<unknown> = async () => {}) => {
      await page.goto(`${server.console}/sessions/new`)
      await page.getByText(place, { exact: true }).tap()
      await fill()
      await page.getByLabel('Title').fill(`In ${place}`)
      await page.getByLabel('Tags').fill(`${place}, made here`)
      await page.getByRole('button', { name: 'Create session' }).tap()
      await page.waitForURL(/\/sessions\/[0-9a-f-]{36}$/)
      const sessionId = page.url().split('/').at(-1)
      return (await server.call('GET', `/sessions/${sessionId}`)).body
    }
    const inDefault = await make('Default')
    expect(inDefault).toMatchObject({ title: 'In Default', tags: ['Default', 'made here'] })
    const directory = await make('Directory', () => page.getByLabel('Directory').last().fill(repository))
    expect(directory.config.cwd).toBe(repository)
    await make('Empty', async () => {
      await page.getByLabel('Remove the directory when the session has ended').check()
      await page.getByLabel('Budget in US dollars').fill('2.5')
      await expectNoOverflow(page)
      await expectAccessible(page)
    }).then(session =>
      expect(session).toMatchObject({
        workspace: { type: 'empty', removeOnEnd: true },
        config: { maxBudgetUsd: 2.5 },
      }),
    )
    const worktree = await make('Worktree', async () => {
      await page.getByLabel('Directory of the repository').fill(repository)
      await page.getByLabel('Branch').fill('a-branch')
    })
    expect(worktree.workspace).toMatchObject({ type: 'worktree', branch: 'a-branch' })
    await page.goto(`${server.console}/sessions/new`)
    await page.getByText('Clone', { exact: true }).tap()
    await page.getByLabel('URL or path of the repository').fill('ssh://nowhere.example/x')
    await page.getByRole('button', { name: 'Create session' }).tap()
    await page.getByRole('alert').waitFor()
    await expectAccessible(page)
    await page.getByLabel('URL or path of the repository').fill(repository)
    expect(await page.getByRole('alert').count()).toBe(0)
    const clone = await make('Clone', () => page.getByLabel('URL or path of the repository').fill(repository))
    expect(clone.workspace).toMatchObject({ type: 'git' })
    page.expectQuiet()
  })

  test('sessions are filtered, tagged, archived and ended; their state changes by itself', async () => {
    const { server } = shared()
    const sessionId = await server.createSession({ title: 'Live one', permissionPrompts: 'ask' })
    await server.createSession({ title: hostile, tags: Array.from({ length: 20 }, (_, n) => `tag ${n}`) })
    const page = await open()
    await row(page, 'Live one').waitFor()
    // The side of the page lists sessions too, and may be there first.
    await page.locator('main').getByText('<script>alert(1)</script> ⟨U+202E⟩gnp.exe').first().waitFor()
    await expectAccessible(page)
    const entry = page.locator('li', { has: row(page, 'Live one') }).last()
    const state = (label: string) => entry.getByText(label, { exact: true }).waitFor()
    await state('Idle')
    await server.ask(sessionId, 'Use the tool Bash with {"command":"touch x"}', { background: true })
    await state('Needs you')
    await page.getByText('Needs you', { exact: true }).first().click()
    await expect.poll(() => page.url()).toContain('view=waiting')
    await row(page, 'Live one').waitFor()
    await server.call('POST', `/sessions/${sessionId}/interrupt`)
    await page.getByText('No sessions are in “Needs you”').first().waitFor()
    await page.getByRole('radio', { name: 'Open', exact: true }).check({ force: true })
    await page.getByRole('button', { name: 'Actions of Live one' }).click()
    await expectAccessible(page)
    await page.getByRole('menuitem', { name: 'Title and tags' }).click()
    await page.getByLabel('Tags', { exact: true }).fill('urgent, urgent, later')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Save' }).click()
    await entry.getByRole('link', { name: 'Sessions tagged urgent' }).click()
    await expect.poll(() => page.url()).toContain('tag=urgent')
    await expect.poll(() => page.getByRole('button', { name: /^Actions of / }).count()).toBe(1)
    await page.getByRole('button', { name: 'Remove the filter urgent' }).click()
    await expect.poll(() => page.getByRole('button', { name: /^Actions of / }).count()).toBeGreaterThan(1)
    await page.getByRole('button', { name: 'Actions of Live one' }).click()
    await page.getByRole('menuitem', { name: 'Archive' }).click()
    await expect.poll(() => row(page, 'Live one').count()).toBe(0)
    await page.getByRole('radio', { name: 'All', exact: true }).check({ force: true })
    await state('Archived')
    await page.getByRole('radio', { name: 'Archived' }).check({ force: true })
    await row(page, 'Live one').click()
    await page.locator('main header').getByText('Archived', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'Sessions tagged later' }).waitFor()
    await expectAccessible(page)
    await page.goBack()
    await page.getByRole('button', { name: 'Actions of Live one' }).click()
    await page.getByRole('menuitem', { name: 'End session' }).click()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'End session' }).click()
    await state('Ended')
    page.expectQuiet()
  })

  test('search marks what it finds, and leads to the turn', async () => {
    const { server } = shared()
    const sessionId = await server.createSession({ title: 'Zoological notes' })
    const { body } = await server.ask(sessionId, 'Remember that the pangolin is called Minka')
    const page = await open()
    await page.getByRole('searchbox').fill('pangolin')
    const results = page.getByRole('list', { name: 'Search results' })
    expect(await results.locator('mark').first().innerText()).toBe('pangolin')
    await expectAccessible(page)
    // A prompt and its answer are at the same place; a search knows the archive, and no states.
    await page.getByRole('radio', { name: 'Archived', exact: true }).check({ force: true })
    await page.getByText('Nothing is found').first().waitFor()
    expect(await page.getByRole('radio', { name: 'Failed' }).count()).toBe(0)
    await page.getByRole('radio', { name: 'Not archived' }).check({ force: true })
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('minka')
    await expect.poll(() => page.getByRole('option', { name: /Zoological/ }).count()).toBeGreaterThan(1)
    await expect.poll(() => page.locator('[cmdk-item][data-selected=true]').count()).toBe(1)
    await page.keyboard.press('Escape')
    await results.getByRole('link').first().click()
    await expect.poll(() => page.url()).toBe(`${server.console}/sessions/${sessionId}/turns/${body.turnId}`)
    await page.goBack()
    await page.getByRole('searchbox').fill('no such word')
    await page.getByText('Nothing is found').first().waitFor()
    page.expectQuiet()
  })

  test('the palette finds and does; the sheet lists the shortcuts; the theme changes', async () => {
    const { server } = shared()
    await server.createSession({ title: 'Quokka habitat' })
    const page = await open()
    await page.getByRole('searchbox').fill('x')
    await page.keyboard.press('Control+k')
    const palette = page.getByRole('combobox')
    await palette.fill('quokka')
    await page.getByRole('option', { name: /Quokka habitat/ }).waitFor()
    await expectAccessible(page)
    await page.keyboard.press('ArrowDown')
    await page.getByRole('option', { name: /Quokka habitat/ }).click()
    await expect.poll(() => page.url()).toMatch(/\/sessions\/[0-9a-f-]{36}$/)
    await page.keyboard.press('Control+k')
    await palette.fill('Open usage')
    await page.getByRole('option', { name: /^Open usage/, selected: true }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Usage' }).waitFor()
    // Until it is gone, keys are its own.
    await page.getByRole('dialog', { name: 'Command palette' }).waitFor({ state: 'detached' })
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('Open the inbox').waitFor()
    await expectAccessible(page)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor({ state: 'detached' })
    // Within a second, also where this process stalls between the two.
    await Promise.all([page.keyboard.press('g'), page.keyboard.press('i')])
    await page.getByRole('heading', { name: 'Inbox' }).waitFor()
    const person = page.getByRole('navigation', { name: 'Main' }).getByRole('button').last()
    await person.click()
    for (const theme of ['light', 'dark']) {
      const choice = page.getByRole('menuitemradio', { name: `${theme} theme` })
      await choice.click()
      await expect.poll(() => choice.getAttribute('aria-checked')).toBe('true')
      await expect.poll(() => page.evaluate('document.documentElement.dataset.theme')).toBe(theme)
    }
    await page.getByRole('menuitemradio', { name: 'System theme' }).click()
    await expect.poll(() => page.evaluate('document.documentElement.dataset.theme ?? null')).toBe(null)
    await expectAccessible(page)
    page.expectQuiet()
  })

  test('a phone scrolls no screen sideways, and has search, theme and logout in its menu', async () => {
    const page = await open('/sessions', { width: 375, touch: true })
    for (const path of ['/sessions', '/sessions?q=long', '/sessions/new', '/inbox', '/usage', '/server']) {
      await page.goto(shared().server.console + path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await expectNoOverflow(page)
    }
    await page.getByRole('button', { name: 'Menu' }).tap()
    await page.getByRole('menuitem', { name: 'Log out' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('menuitem', { name: 'Search' }).tap()
    await page.getByRole('combobox').fill('Open the inbox')
    await page.getByRole('option', { name: /Open the inbox/ }).tap()
    await page.getByRole('heading', { name: 'Inbox' }).waitFor()
    page.expectQuiet()
  })
}

if (browserPath !== undefined) {
  test('a fork has a title of its own, and its end says that their directory stays', async () => {
    const { server } = shared()
    const workspace = { type: 'empty', removeOnEnd: true }
    const sessionId = await server.createSession({ title: 'Original', workspace, tags: ['kept'] })
    await server.ask(sessionId, 'What is 6 times 7?')
    const page = await openConsolePage(shared().browser as Browser, server, `/sessions/${sessionId}`)
    const choose = async (item: string) => {
      await page.getByRole('button', { name: 'Session actions' }).click()
      await page.getByRole('menuitem', { name: item, exact: true }).click()
    }
    await choose('End session')
    await page.getByText('Its directory is removed with everything in it.').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await choose('Fork')
    await page.getByRole('heading', { name: 'Fork of Original' }).waitFor()
    await choose('End session')
    await page.getByText('Its directory stays: “Original” works in it too.').waitFor()
    await expectAccessible(page)
    page.expectQuiet()
  })

  test('a link to a turn near the end shows its prompt, also above an answer that is drawn later', async () => {
    const { server } = shared()
    const sessionId = await server.createSession({ title: 'Verses' })
    const verse = (n: number) => `## Verse ${n}\n\n- one\n- two\n\n\`\`\`ts\nlet a = ${n}\n\`\`\`\n`
    server.model.script('recite', text(Array.from({ length: 12 }, (_, n) => verse(n + 1)).join('\n')))
    for (let n = 1; n <= 6; n++) await server.ask(sessionId, `What is ${n} times 7?`)
    await server.ask(sessionId, 'Please recite')
    const { body } = await server.ask(sessionId, 'Now recite anew')
    await server.ask(sessionId, 'What is 6 times 7?')
    const page = await openConsolePage(shared().browser as Browser, server, '/sessions?q=anew')
    await page.getByRole('list', { name: 'Search results' }).getByRole('link').first().click()
    await page.waitForURL(`**/turns/${body.turnId}`)
    const log = page.getByRole('log', { name: 'Messages' })
    const target = log.locator('[aria-current=location]')
    await target.getByText('Now recite anew').waitFor()
    await log.getByRole('heading', { name: 'Verse 1', exact: true }).last().waitFor()
    const distance = async () =>
      Math.abs(((await target.boundingBox())?.y ?? 0) - ((await log.boundingBox())?.y ?? 0))
    await expect.poll(distance, { timeout: 30_000 }).toBeLessThan(60)
    await page.getByRole('button', { name: 'Jump to latest' }).click()
    await log.getByText('6 times 7 is 42').last().waitFor()
    page.expectQuiet()
  })
}

test('the address of a new session is served to everyone', async () => {
  const address = `${shared().server.console}/sessions/new`
  const response = await fetch(address, { headers: { accept: 'text/html' } })
  expect(response.status).toBe(200)
})
