import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import { openOnce } from '../support/lifetime.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { samplePng, sampleText } from '../support/sample-files.ts'
import { consoleKey, expectAccessible, openConsolePage, openConsoleServer } from './console-page.ts'

const shared = openOnce(async () => {
  const server = await openConsoleServer()
  const project = join(server.workspace, 'project')
  mkdirSync(join(project, '.claude/commands'), { recursive: true })
  mkdirSync(join(project, 'my notes'))
  writeFileSync(
    join(project, '.claude/commands/tally.md'),
    '---\ndescription: Look closely\nargument-hint: <what>\n---\nTally $ARGUMENTS closely.\n',
  )
  writeFileSync(join(project, 'my notes/first plan.md'), 'The plan is to rest.\n')
  writeFileSync(join(server.home, 'secret.txt'), 'not for the session\n')
  symlinkSync(join(server.home, 'secret.txt'), join(project, 'link.txt'))
  return { server, project, browser: browserPath === undefined ? undefined : await openBrowser() }
})

const field = (page: Page) => page.getByRole('textbox', { name: 'Prompt' })
const log = (page: Page) => page.getByRole('log', { name: 'Messages' })
const attached = (page: Page) => page.getByRole('list', { name: 'Attached files' })
/** The bound for what is awaited. */
const soon = { timeout: 30_000 }
/** Waits until a completion is the chosen one. */
const chosen = (page: Page, name: string) =>
  page.getByRole('option', { selected: true, name, exact: true }).waitFor()

if (browserPath !== undefined) {
  const open = async (title: string) => {
    const { server, project, browser } = shared()
    const sessionId = await server.createSession({ title, cwd: project })
    const page = await openConsolePage(browser as Browser, server, `/sessions/${sessionId}`)
    await field(page).waitFor()
    const turns = async () => (await server.call('GET', `/sessions/${sessionId}/turns`)).body.turns
    return { page, sessionId, turns }
  }
  const ends = async (page: Page, answer: string) => {
    await log(page).getByText(answer).last().waitFor()
    await page.getByText('Claude is working').waitFor({ state: 'detached' })
  }

  test('an image is pasted, a file chosen and another dropped; they are sent and shown with the prompt', async () => {
    const { page, sessionId, turns } = await open('Attachments')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.evaluate(`(() => {
      const bytes = Uint8Array.from(atob('${samplePng.toString('base64')}'), letter => letter.charCodeAt(0))
      const blob = new Blob([bytes], { type: 'image/png' })
      return navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })])
    })()`)
    await field(page).press('Control+v')
    await attached(page).getByText('image.png').waitFor()

    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('button', { name: 'Attach files' }).click(),
    ])
    const textFile = (name: string) => ({ name, mimeType: 'text/plain', buffer: sampleText })
    await chooser.setFiles([textFile('plan.txt'), textFile('not this one.txt')])
    await page.getByRole('button', { name: 'Remove not this one.txt' }).click()

    // Beside the field, where the browser would leave the page and show the file.
    const dropped = await page.evaluateHandle(`(() => {
      const data = new DataTransfer()
      data.items.add(new File(['# Dropped'], 'dropped.md', { type: 'text/markdown' }))
      return data
    })()`)
    await log(page).dispatchEvent('dragover', { dataTransfer: dropped })
    await log(page).dispatchEvent('drop', { dataTransfer: dropped })
    await attached(page).getByText('dropped.md').waitFor()
    await attached(page).getByText('uploading').last().waitFor({ state: 'detached' })
    await expectAccessible(page)

    await field(page).fill('Look at these three')
    await field(page).press('Enter')
    await ends(page, 'I am the stand-in model')
    expect(await attached(page).count()).toBe(0)
    expect((await turns())[0].prompt.map(({ type }: { type: string }) => type)).toEqual([
      'image',
      'document',
      'document',
      'text',
    ])
    await page.reload()
    const picture = log(page).getByRole('img', { name: 'Attached image' })
    await expect
      .poll(() => picture.evaluate((image: { naturalWidth?: number }) => image.naturalWidth), soon)
      .toBe(1)
    const document = log(page).getByRole('button', { name: 'Download plan.txt' })
    const [download] = await Promise.all([page.waitForEvent('download'), document.click()])
    expect(download.suggestedFilename()).toBe('plan.txt')
    await log(page).getByText('dropped.md').waitFor()
    // A fork has the conversation, but none of its attachments.
    await page.getByRole('button', { name: 'Session actions' }).click()
    await page.getByRole('menuitem', { name: 'Fork' }).click()
    await page.waitForURL(url => !url.pathname.includes(sessionId))
    await log(page).getByText('Image', { exact: true }).waitFor()
    await document.click()
    await page
      .getByText(/^Attachment .*not found/)
      .first()
      .waitFor()
    await expectAccessible(page)
    page.expectQuiet()
  })

  test('a file that is refused says so', async () => {
    const { page } = await open('Refused file')
    await page.getByLabel('Files to attach').setInputFiles({
      name: 'binary.bin',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from([0, 1, 2, 255]),
    })
    await page.getByText('the body must be PNG, JPEG, GIF, WebP, PDF, or text').first().waitFor()
    expect(await attached(page).count()).toBe(0)
    await expectAccessible(page)
    page.expectQuiet()
  })

  test('a prompt is shown while it is sent; one that is refused can be edited, or sent again', async () => {
    const { page, turns } = await open('Refused')
    const error = { code: 'VALIDATION_FAILED', message: 'This prompt is refused' }
    await page.route('**/messages', route => route.fulfill({ status: 400, json: { error } }))
    await field(page).fill('Do not lose me')
    await field(page).press('Enter')
    const outgoing = log(page).getByRole('article', { name: 'Your prompt' })
    await outgoing.getByText('Not sent: This prompt is refused').waitFor()
    await expectAccessible(page)
    await field(page).fill('A second thought')
    await outgoing.getByRole('button', { name: 'Edit' }).click()
    expect(await field(page).inputValue()).toBe('Do not lose me\n\nA second thought')
    expect(await outgoing.count()).toBe(0)
    await field(page).press('Enter')
    await outgoing.getByText('Not sent: This prompt is refused').waitFor()

    await page.unroute('**/messages')
    let isHeld = true
    await page.route('**/messages', route => (isHeld ? route.abort() : route.continue()))
    await outgoing.getByRole('button', { name: 'Retry' }).click()
    await outgoing.getByText('Sending…').waitFor()
    await outgoing.getByText('Do not lose me').waitFor()
    // Nothing was accepted: the text is there after a reload.
    await page.reload()
    await field(page).waitFor()
    expect(await field(page).inputValue()).toBe('Do not lose me\n\nA second thought')
    await field(page).press('Enter')
    await outgoing.getByText('Sending…').waitFor()
    isHeld = false
    await ends(page, 'I am the stand-in model')
    expect(await outgoing.count()).toBe(0)
    expect(await turns()).toHaveLength(1)
    page.expectQuiet()
  })

  test('commands and files are completed by keyboard, in a name with spaces too', async () => {
    const { page, turns } = await open('Completed')
    shared().server.model.script('Tally the sum closely', text('The sum is right'))
    await field(page).pressSequentially('/tal')
    await chosen(page, '/tally <what> Look closely (project)')
    await expectAccessible(page)
    await field(page).press('Enter')
    expect(await field(page).inputValue()).toBe('/tally ')
    await field(page).pressSequentially('the sum')
    await field(page).press('Enter')
    await ends(page, 'The sum is right')
    expect((await turns())[0]).toMatchObject({ prompt: '/tally the sum', commands: true })

    await field(page).pressSequentially('Read @')
    await page.getByRole('listbox', { name: 'Files' }).waitFor()
    for (const wanted of ['link.txt', 'my notes/', '.claude/', 'link.txt', 'my notes/']) {
      await field(page).press('ArrowDown')
      await chosen(page, wanted)
    }
    await field(page).press('Tab')
    expect(await field(page).inputValue()).toBe('Read @"my notes/"')
    await chosen(page, 'first plan.md')
    await field(page).press('Enter')
    expect(await field(page).inputValue()).toBe('Read @"my notes/first plan.md" ')
    await field(page).pressSequentially('and @li')
    await page.getByRole('listbox', { name: 'Files' }).waitFor()
    await field(page).press('Escape')
    expect(await page.getByRole('listbox').count()).toBe(0)
    await field(page).press('Enter')
    await ends(page, 'I am the stand-in model')
    const sent = (await turns())[1]
    expect(sent).toMatchObject({ prompt: 'Read @"my notes/first plan.md" and @li', commands: true })
    expect(await log(page).getByRole('list', { name: 'Mentions that were not read' }).count()).toBe(0)
    page.expectQuiet()
  })

  test('a mention that was not read for Claude is named under its prompt, also after a reload', async () => {
    const { page } = await open('Ignored')
    shared().server.model.script('compare', text('They are alike'))
    await field(page).fill('Please compare @../../secret.txt, @link.txt and @nothing.txt')
    await field(page).press('Escape')
    await field(page).press('Enter')
    await ends(page, 'They are alike')
    const ignored = log(page).getByRole('list', { name: 'Mentions that were not read' })
    const lines = [
      "Not read: @../../secret.txt, because it is outside the session's directories.",
      "Not read: @link.txt, because it is outside the session's directories.",
    ]
    await expect.poll(() => ignored.getByRole('listitem').allInnerTexts(), soon).toEqual(lines)
    await page.reload()
    await expect.poll(() => ignored.getByRole('listitem').allInnerTexts(), soon).toEqual(lines)
    await expectAccessible(page)
    page.expectQuiet()
  })

  test('a draft survives a reload, and is known in another tab of the session', async () => {
    const { page } = await open('Draft')
    await field(page).fill('Half a thought,\nin two lines')
    await page.reload()
    await field(page).waitFor()
    expect(await field(page).inputValue()).toBe('Half a thought,\nin two lines')
    const other = await page.context().newPage()
    await other.goto(page.url())
    await field(other).press('Control+a')
    await field(other).press('Delete')
    await expect.poll(() => field(page).inputValue(), soon).toBe('')
    page.expectQuiet()
  })
}

test('what the composer sends is refused without a login', async () => {
  const response = await fetch(`${shared().server.console}/api/sessions/x/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-csrf-token': consoleKey },
    body: '{"prompt":"x"}',
  })
  expect(response.status).toBe(401)
})
