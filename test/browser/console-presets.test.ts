import type { Browser, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openOnce } from '../support/lifetime.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { until } from '../support/open-sessions.ts'
import { expectAccessible, findAxeFaults, openConsolePage, openConsoleServer } from './console-page.ts'

const shared = openOnce(async () => {
  const server = await openConsoleServer()
  const { body } = await server.call('POST', '/keys', { name: 'a reader', scopes: ['sessions:read'] })
  const browser = browserPath === undefined ? undefined : await openBrowser()
  return { server, reader: body.key as string, browser }
})

const web = { type: 'http', url: 'https://example.com/mcp', headers: { Authorization: 'a secret' } }
const pretty = (value: object) => JSON.stringify(value, null, 2)
const configurationOf = (page: Page) => page.getByLabel('Configuration', { exact: true })

/** A prompt whose end is awaited by `outcome`. */
async function ask(sessionId: string, prompt: string) {
  const { server } = shared()
  const { body } = await server.ask(sessionId, prompt, { background: true })
  return async () => {
    let turn = { status: '', response: '' }
    await until(async () => {
      turn = (await server.call('GET', `/sessions/${sessionId}/turns/${body.turnId}`)).body
      return !['queued', 'running', 'requires_action'].includes(turn.status)
    })
    return turn
  }
}

if (browserPath !== undefined) {
  const open = (path: string, options?: Parameters<typeof openConsolePage>[3]) =>
    openConsolePage(shared().browser as Browser, shared().server, path, options)

  test('on a phone, a preset is made; a fault leads to its line', async () => {
    const page = await open('/presets', { width: 375, touch: true })
    await page.getByText('No presets yet').waitFor()
    await page.getByRole('link', { name: 'New preset' }).tap()
    await page.getByLabel('Name').fill('Reviewer')
    const configuration = { model: 'sonnet', maxTurns: 5_000, mcpServers: { web } }
    await configurationOf(page).fill('{ "model": ')
    await page.getByText('This is not JSON yet').waitFor()
    expect(await page.getByRole('button', { name: 'Create preset' }).isDisabled()).toBe(true)
    await configurationOf(page).fill(pretty(configuration))
    await page.getByRole('button', { name: 'Create preset' }).tap()
    await page.getByText('must be 1 to 63 of a-z').waitFor()
    await page.getByRole('button', { name: 'Line 3: maxTurns: at most 1000' }).tap()
    const selected =
      'document.activeElement.value.slice(document.activeElement.selectionStart).split("\\n")[0]'
    expect(await page.evaluate(selected)).toBe('"maxTurns": 5000,')
    await expectAccessible(page)
    await page.getByLabel('Name').fill('reviewer')
    await page.getByLabel('Description').fill('Reviews\u202e changes')
    await configurationOf(page).fill(pretty({ ...configuration, maxTurns: 5 }))
    await page.getByRole('button', { name: 'Create preset' }).tap()
    await page.getByRole('heading', { name: 'reviewer', exact: true }).waitFor()
    await page.getByText('Reviews⟨U+202E⟩ changes').waitFor()
    await page.getByText('"Authorization": "***"').waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0)
    await expectAccessible(page)
    page.expectQuiet()
  })

  test('a version is added to the newest one, and to no other without a question', async () => {
    const { server } = shared()
    await server.call('POST', '/presets', { name: 'writer', configuration: { mcpServers: { web } } })
    const page = await open('/presets/writer')
    await page.getByRole('button', { name: 'Actions of the preset writer' }).click()
    await page.getByRole('menuitem', { name: 'New version' }).click()
    await page.getByRole('button', { name: /^Line 7: .*Authorization: type the secret again/ }).waitFor()
    await page.getByLabel('Description').fill('with opus')
    await configurationOf(page).fill(pretty({ model: 'opus' }))
    const other = { configuration: { model: 'haiku' }, description: 'from elsewhere' }
    await server.call('POST', '/presets/writer/versions', other)
    await page.getByRole('button', { name: 'Add version 2' }).click()
    await page.getByText('Version 2 was added since you began with version 1').waitFor()
    await page.getByRole('group', { name: 'Changed fields' }).getByText('haiku').first().waitFor()
    expect(await findAxeFaults(page)).toEqual([])
    await page.getByRole('link', { name: 'Inbox' }).click()
    await page.getByRole('button', { name: 'Keep editing' }).click()
    await page.getByRole('button', { name: 'Add version 3 anyway' }).click()
    await page.getByRole('button', { name: /version 3 with opus/ }).waitFor()
    await page.getByRole('button', { name: /version 2 from elsewhere/ }).waitFor()
    await page.getByRole('button', { name: 'Changes since version 2' }).click()
    await page.getByRole('group', { name: 'Changed fields' }).getByText('opus').first().waitFor()
    const { body } = await server.call('GET', '/presets/writer')
    expect(body).toMatchObject({ version: 3, configuration: { model: 'opus' } })
    page.expectQuiet()
  })

  test('a preset is found, used for a session, and archived', async () => {
    const { server } = shared()
    await server.call('POST', '/presets', { name: 'used', configuration: { permissionPrompts: 'ask' } })
    const page = await open('/sessions')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByPlaceholder('Search sessions, or type what to do').fill('presets')
    await page.getByRole('option', { name: /Open the presets/ }).click()
    await page.getByRole('link', { name: 'New session from used' }).click()
    await expect.poll(() => page.getByLabel('Preset').inputValue()).toBe('used')
    await page.getByRole('button', { name: 'Create session' }).click()
    await page.getByRole('link', { name: 'used, version 1' }).click()
    await page.getByRole('button', { name: 'Actions of the preset used' }).click()
    await page.getByRole('menuitem', { name: 'Archive' }).click()
    await page.getByText('Archived', { exact: true }).waitFor()
    expect(await page.getByRole('link', { name: 'New session from used' }).count()).toBe(0)
    await page.goto(`${server.console}/presets?archived=true`)
    await page.getByRole('link', { name: 'used' }).waitFor()
    expect(await findAxeFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'Actions of the preset used' }).click()
    await page.getByRole('menuitem', { name: 'Take out of the archive' }).click()
    await page.getByText('No presets are archived').waitFor()
    page.expectQuiet()
  })

  test('an archived preset is deleted, after a question', async () => {
    const { server } = shared()
    await server.call('POST', '/presets', { name: 'old', configuration: { model: 'opus' } })
    const page = await open('/presets/old')
    const menu = page.getByRole('button', { name: 'Actions of the preset old' })
    await menu.click()
    await page.getByRole('menuitem', { name: 'Archive' }).waitFor()
    expect(await page.getByRole('menuitem', { name: 'Delete' }).count()).toBe(0)
    await page.getByRole('menuitem', { name: 'Archive' }).click()
    await page.getByText('Archived', { exact: true }).waitFor()
    await menu.click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Cancel' }).click()
    expect((await server.call('GET', '/presets/old')).status).toBe(200)
    await menu.click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Delete preset' }).click()
    await page.getByText('old is deleted').waitFor()
    await page.getByText('No presets are archived').waitFor()
    expect((await server.call('GET', '/presets/old')).status).toBe(404)
    page.expectQuiet()
  })

  test('tools and hooks of programs wait in the inbox and in the session; a person answers', async () => {
    const { server, reader } = shared()
    server.model.script('the weather', ({ round, toolResults }) =>
      round === 0
        ? toolUse('mcp__client__get_weather', { city: 'Oslo\u202e' })
        : text(`Heard: ${toolResults[0]?.content}`),
    )
    const sessionId = await server.createSession({
      title: 'Work of a program',
      clientTools: [{ name: 'get_weather' }],
      clientHooks: { PreToolUse: [{ matcher: 'Bash', timeoutMs: 600_000 }] },
    })
    const page = await open('/inbox')
    const reading = await open(`/sessions/${sessionId}`, { key: reader, width: 375 })
    const told = await ask(sessionId, 'Tell me the weather')
    const tool = { name: 'Tool of a program: get_weather' }
    await page.getByRole('article', tool).getByText('Oslo⟨U+202E⟩').waitFor()
    await reading.getByRole('article', tool).getByText('Your key may see this').waitFor()
    expect(await findAxeFaults(page)).toEqual([])
    await page.getByLabel('Result for Claude').fill('Sunny')
    await page.getByRole('button', { name: 'Send the result' }).click()
    expect((await told()).response).toContain('Heard: Sunny')

    const refused = await ask(sessionId, 'Use the tool Bash with {"command":"touch never"}')
    const hook = { name: 'Hook of a program: Bash' }
    await page.getByRole('article', hook).getByText('PreToolUse').waitFor()
    await reading.getByRole('article', hook).getByText('PreToolUse').waitFor()
    await reading.getByRole('article', hook).getByText('touch never').waitFor()
    expect(await findAxeFaults(reading)).toEqual([])
    await page.goto(`${server.console}/sessions/${sessionId}`)
    await page.getByLabel('A reason, for Claude').fill('Not on a Friday')
    await page.getByRole('button', { name: 'Refuse the call' }).click()
    expect((await refused()).response).toContain('Not on a Friday')
    page.expectQuiet()
    reading.expectQuiet()
  })

  test('a key that may only read sees presets, and nothing to change them', async () => {
    const { server, reader } = shared()
    await server.call('POST', '/presets', { name: 'seen', configuration: { model: 'opus' } })
    const page = await open('/presets/seen', { key: reader })
    await page.getByText('opus').first().waitFor()
    expect(await page.getByRole('button', { name: 'Actions of the preset seen' }).count()).toBe(0)
    expect(await page.getByRole('link', { name: 'New session from seen' }).count()).toBe(0)
    await page.goto(`${server.console}/presets/-/new`)
    await page.getByText('Your key may not change presets').waitFor()
    page.expectQuiet()
  })
}
