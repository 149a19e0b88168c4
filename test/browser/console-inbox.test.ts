import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { text, together, toolUse } from '../../src/demo/answer.ts'
import { openMcpServer } from '../fixtures/mcp-server.ts'
import { openOnce } from '../support/lifetime.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { until } from '../support/open-sessions.ts'
import { expectAccessible, openConsolePage, openConsoleServer } from './console-page.ts'

const shared = openOnce(async () => {
  const mcp = await openMcpServer()
  const server = await openConsoleServer({ env: { CLAUDE_CODE_API_ALLOWED_PRIVATE_HOSTS: mcp.host } })
  const asking = await server.createSession({
    title: 'Work that asks',
    permissionPrompts: 'ask',
    mcpServers: { people: { type: 'http', url: mcp.url } },
    allowedTools: ['mcp__people'],
  })
  return { server, asking, browser: browserPath === undefined ? undefined : await openBrowser() }
})

/** Gives the session a prompt; the turn's answer is awaited by `outcome`. */
async function ask(prompt: string, sessionId = shared().asking) {
  const { server } = shared()
  const { body } = await server.ask(sessionId, prompt, { background: true })
  return {
    sessionId,
    async outcome() {
      let turn = { status: '', response: '' }
      await until(async () => {
        turn = (await server.call('GET', `/sessions/${sessionId}/turns/${body.turnId}`)).body
        return !['queued', 'running', 'requires_action'].includes(turn.status)
      })
      return turn
    },
  }
}

const useBash = (command: string) => ask(`Use the tool Bash with ${JSON.stringify({ command })}`)
const fileOf = (name: string) => join(shared().server.workspace, name)
const nothing = (page: Page) => page.getByText('Nothing waits for you', { exact: true }).last().waitFor()
const card = (page: Page, name: string) => page.getByRole('article', { name })

if (browserPath !== undefined) {
  const open = (options?: Parameters<typeof openConsolePage>[3], path = '/inbox') =>
    openConsolePage(shared().browser as Browser, shared().server, path, options)

  test('on a phone, a command is read and allowed; the count is in the title', async () => {
    const page = await open({ width: 375, touch: true })
    await nothing(page)
    const command = `printf 'one\\ntwo' | sort --reverse > ${fileOf('phone.txt')}`
    const { outcome } = await useBash(command)
    await card(page, 'Permission: Bash').getByText('sort --reverse').first().waitFor()
    await expect.poll(() => page.title()).toMatch(/^\(1\) Inbox/)
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0)
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Allow', exact: true }).tap()
    await nothing(page)
    expect((await outcome()).status).toBe('completed')
    expect(readFileSync(fileOf('phone.txt'), 'utf8')).toBe('two\none\n')
    await expect.poll(() => page.title()).toMatch(/^Inbox/)
    page.expectQuiet()
  })

  test('the keys j k a s e d walk through the inbox, edit a command, and deny another with a word', async () => {
    const page = await open()
    await nothing(page)
    const first = await useBash(`echo first > ${fileOf('edited.txt')}`)
    await card(page, 'Permission: Bash').waitFor()
    const other = await shared().server.createSession({ permissionPrompts: 'ask' })
    const second = await ask(
      `Use the tool Bash with {"command":"echo never > ${fileOf('never.txt')}"}`,
      other,
    )
    await card(page, 'Permission: Bash').getByText('echo never').first().waitFor()
    const current = page.locator('article[aria-current]')
    await expect.poll(() => current.innerText()).toContain('echo first')
    await page.keyboard.press('j')
    await expect.poll(() => current.innerText()).toContain('echo never')
    await page.keyboard.press('k')
    await expect.poll(() => current.innerText()).toContain('echo first')
    await page.keyboard.press('e')
    await page.getByRole('textbox', { name: 'command' }).fill(`echo changed > ${fileOf('edited.txt')}`)
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Allow as edited' }).click()
    expect((await first.outcome()).status).toBe('completed')
    expect(readFileSync(fileOf('edited.txt'), 'utf8')).toBe('changed\n')
    await expect.poll(() => page.getByRole('article').count()).toBe(1)
    await expect.poll(() => page.locator('.pointer-events-none').count()).toBe(0)
    await page.keyboard.press('d')
    await page.getByLabel('A word to Claude').fill('Use the archive, please')
    await expectAccessible(page)
    await page.keyboard.press('Control+Enter')
    expect((await second.outcome()).response).toContain('Use the archive, please')
    await nothing(page)
    const third = await useBash(`echo again >> ${fileOf('again.txt')}`)
    await card(page, 'Permission: Bash').waitFor()
    await expect.poll(() => page.locator('.pointer-events-none').count()).toBe(0)
    await page.keyboard.press('s')
    await third.outcome()
    const fourth = await useBash(`echo again >> ${fileOf('again.txt')}`)
    expect((await fourth.outcome()).status).toBe('completed')
    expect(readFileSync(fileOf('again.txt'), 'utf8')).toBe('again\nagain\n')
    page.expectQuiet()
  })

  test('questions are answered, with one choice, with several, and in own words', async () => {
    const page = await open({ width: 375, touch: true })
    const choices = (...labels: string[]) =>
      labels.map(label => ({ label, description: `It is ${label.toLowerCase()}` }))
    shared().server.model.script('several things', ({ round, toolResults }) => {
      if (round > 0) return text(`Heard: ${toolResults[0]?.content}`)
      const questions = [
        {
          question: 'Which one?',
          header: 'One',
          multiSelect: false,
          options: choices('Left', 'Right\u202e'),
        },
        {
          question: 'Which ones?',
          header: 'Many',
          multiSelect: true,
          options: choices('Tea', 'Milk', 'Ice'),
        },
        { question: 'And then?', header: 'Then', multiSelect: false, options: choices('Stop', 'Wait') },
      ]
      return toolUse('AskUserQuestion', { questions })
    })
    const { outcome } = await ask('Ask several things')
    await page.getByText('Right⟨U+202E⟩').first().waitFor()
    expect(await page.getByRole('button', { name: 'Answer' }).isDisabled()).toBe(true)
    await page.getByRole('radio', { name: /Left/ }).check()
    await page.getByRole('checkbox', { name: /Tea/ }).check()
    await page.getByRole('checkbox', { name: /Ice/ }).check()
    await page.getByLabel('Your own words: And then?').fill('Go home')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Answer' }).tap()
    const { response } = await outcome()
    for (const said of ['Left', 'Tea', 'Ice', 'Go home']) expect(response).toContain(said)
    page.expectQuiet()
  })

  test('a plan is sent back with a word, and approved with a mode', async () => {
    const { server } = shared()
    const planning = await server.createSession({ permissionPrompts: 'ask', permissionMode: 'plan' })
    const page = await open()
    const refused = await ask('Propose a plan', planning)
    const plan = page.getByRole('article', { name: /^Plan/ })
    await plan.getByText('Look around').first().waitFor()
    await page.getByRole('button', { name: 'Send back' }).click()
    await page.getByLabel('A word to Claude').fill('Look twice')
    await page.getByRole('button', { name: 'Send back' }).click()
    expect((await refused.outcome()).response).toContain('Look twice')
    // Else the refused plan may be there beside the next one.
    await nothing(page)
    const approved = await ask('Propose a plan', planning)
    await plan.getByText('Look around').first().waitFor()
    await plan.getByLabel('Then continue with').selectOption('acceptEdits')
    await expectAccessible(page)
    await plan.getByRole('button', { name: 'Approve plan' }).click()
    expect((await approved.outcome()).status).toBe('completed')
    expect((await server.call('GET', `/sessions/${planning}`)).body.config.permissionMode).toBe('acceptEdits')
    page.expectQuiet()
  })

  test('the form of an MCP server is filled in', async () => {
    const page = await open({ width: 375, touch: true })
    shared().server.model.script('ask the person', ({ round, toolResults }) =>
      round > 0
        ? text(`Said: ${toolResults[0]?.content}`)
        : toolUse('mcp__people__ask_person', { message: 'Who is there?' }),
    )
    const { outcome } = await ask('Please ask the person')
    await page.getByText('Who is there?').first().waitFor()
    await page.getByLabel('Name', { exact: true }).fill('Minka')
    await page.getByLabel(/colour/).selectOption('red')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Send' }).tap()
    expect((await outcome()).response).toContain('{"name":"Minka","colour":"red"}')
    page.expectQuiet()
  })

  test('thirty requests are shown at once; those that are answered elsewhere leave by themselves', async () => {
    const { server } = shared()
    const page = await open()
    server.model.script('read afar', ({ round }) => {
      if (round > 0) return text('Done.')
      const paths = Array.from({ length: 10 }, (_, index) => `${server.home}/afar/a\u202eb ${index}.txt`)
      return together(...paths.map(file_path => toolUse('Read', { file_path })))
    })
    const sessions = await Promise.all(
      ['One', 'Two', 'Three'].map(title => server.createSession({ title, permissionPrompts: 'ask' })),
    )
    await Promise.all(sessions.map(sessionId => ask('Please read afar', sessionId)))
    await expect.poll(() => page.getByRole('article').count(), { timeout: 60_000 }).toBe(30)
    await page.getByRole('heading', { name: 'Inbox' }).waitFor()
    expect(await page.getByText('⟨U+202E⟩').count()).toBeGreaterThanOrEqual(30)
    await expectAccessible(page)
    for (const sessionId of sessions) await server.call('DELETE', `/sessions/${sessionId}`)
    await nothing(page)
    page.expectQuiet()
  })
}

test('the address of a request is served to everyone', async () => {
  const address = `${shared().server.console}/inbox/a-request`
  const response = await fetch(address, { headers: { accept: 'text/html' } })
  expect([response.status, await response.text()]).toEqual([
    200,
    expect.stringContaining('src="/console/assets/'),
  ])
})
