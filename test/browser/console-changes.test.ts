import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { makeRepository } from '../support/git.ts'
import { openOnce } from '../support/lifetime.ts'
import { browserPath, openBrowser } from '../support/open-browser.ts'
import { samplePng } from '../support/sample-files.ts'
import { consoleKey, expectAccessible, openConsolePage, openConsoleServer } from './console-page.ts'

const phone = { width: 375, touch: true }
const bidi = String.fromCharCode(0x202e)

const lines = (count: number, lineOf = (index: number) => `const value${index} = ${index}`) =>
  `${Array.from({ length: count }, (_, index) => lineOf(index)).join('\n')}\n`

const nameOf = (index: number) => `lib/part-${String(index).padStart(3, '0')}.ts`
const many = Array.from({ length: 200 }, (_, index) => nameOf(index))

/** Names that mean something to a page, a terminal or the eye. */
const hostile = `report${bidi}gnp.exe`
const hostileNames = [
  hostile,
  'two\nlines.txt',
  '<img src=x onerror="window.owned = 1">.html',
  `${'n'.repeat(250)}.txt`,
  'percent%2Fa b?c#d&e.txt',
]

interface Measures {
  nodes: number
  overflow: number
  owned: number | null
}

/** The size of a page, and whether content has run as a script. */
function sizeOf(page: Page): Promise<Measures> {
  return page.evaluate(`({
    nodes: document.querySelectorAll('*').length,
    overflow: document.documentElement.scrollWidth - innerWidth,
    owned: window.owned ?? null,
  })`)
}

/** The file that the browser saves after a press. */
async function saved(page: Page, press: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), press()])
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
}

if (browserPath !== undefined) {
  const opened = openOnce(async () => {
    const server = await openConsoleServer()
    const { createSession, url, workspace } = server
    const repository = makeRepository(join(workspace, 'repository'), {
      ...Object.fromEntries(many.map(name => [name, lines(30)])),
      'big.ts': lines(20_000),
    })
    const base = `${url}/api/v1`
    const sessionId = await createSession({ cwd: repository, title: 'Changes' })
    const headers = { 'x-api-key': consoleKey }
    /** Writes a file of the session. */
    const write = async (path: string, body: string | Buffer, id = sessionId) => {
      const address = `${base}/sessions/${id}/files/content?${new URLSearchParams({ path })}`
      const response = await fetch(address, {
        method: 'PUT',
        headers,
        body: new Uint8Array(Buffer.from(body)),
      })
      if (!response.ok) throw new Error(await response.text())
    }
    // The snapshot to compare with is taken before the first of them.
    for (const name of hostileNames) await write(name, `a ${bidi} mark\n<script>window.owned = 2</script>\n`)
    await write('pixel.png', samplePng)
    await write('long.txt', 'x'.repeat(1_000_000))
    for (const name of many) {
      const changed = lines(30, index => `const value${index} = ${index === 7 ? 70 : index}`)
      writeFileSync(join(repository, name), changed)
    }
    writeFileSync(
      join(repository, 'big.ts'),
      lines(20_000, index => `let value${index} = ${index}`),
    )
    // Accessibility is checked on a small page: its cost grows with the page.
    const smallId = await createSession({ cwd: repository, title: 'Two changes' })
    await write(
      nameOf(0),
      lines(30, index => `const value${index} = ${index === 7 ? 71 : index}`),
      smallId,
    )
    await write(hostile, `b ${bidi} mark\n<script>window.owned = 2</script>\n`, smallId)
    const browser = await openBrowser()
    const visit = (path: string, options: Parameters<typeof openConsolePage>[3] = {}) =>
      openConsolePage(browser, server, path, options)
    return { server, visit, repository, sessionId, smallId, headers, base }
  })

  describe('the changes of a session', () => {
    test('in 200 files stay a small page, unified or split, and are saved as a patch', async () => {
      const { visit, sessionId, base, headers } = opened()
      const page = await visit(`/sessions/${sessionId}/changes`)
      await page.getByText('208 files').waitFor()
      await page.getByRole('table').first().waitFor()
      expect(await sizeOf(page)).toEqual({ nodes: expect.any(Number), overflow: 0, owned: null })
      expect((await sizeOf(page)).nodes).toBeLessThan(5_000)

      await page.getByRole('button', { name: 'Expand big.ts' }).click()
      await page.getByRole('button', { name: /more lines/ }).waitFor()
      await page.getByRole('button', { name: /more lines/ }).click()
      expect((await sizeOf(page)).nodes).toBeLessThan(8_000)
      await page.getByRole('button', { name: 'Collapse big.ts' }).click()

      await page.getByText('Split', { exact: true }).click()
      await page.reload()
      await page.getByText('208 files').waitFor()
      expect(await page.getByRole('radio', { name: 'Split' }).isChecked()).toBe(true)
      const section = page.getByRole('region', { name: nameOf(0) })
      await section.getByRole('table').waitFor()
      expect(await section.getByRole('row').last().getByRole('cell').count()).toBe(4)

      await page.getByRole('checkbox', { name: `Viewed ${nameOf(0)}` }).check()
      await page.reload()
      await page.getByRole('button', { name: `Expand ${nameOf(0)}` }).waitFor()

      const { name, bytes } = await saved(page, () =>
        page.getByRole('button', { name: 'Download as a patch' }).click(),
      )
      const patch = await fetch(`${base}/sessions/${sessionId}/diff`, { headers })
      expect(name).toBe(`${sessionId}.patch`)
      expect(bytes.equals(Buffer.from(await patch.arrayBuffer()))).toBe(true)
    })

    test('take comments, which survive a reload and become the next prompt', async () => {
      const { visit, server, smallId: sessionId } = opened()
      const page = await visit(`/sessions/${sessionId}/changes`)
      const section = page.getByRole('region', { name: nameOf(0) })
      const line = section.getByRole('button', { name: 'Comment on line 8', exact: true })
      await line.click()
      await section.getByRole('textbox', { name: 'Comment on line 8' }).fill('Why 71?')
      await expectAccessible(page)
      await section.getByRole('button', { name: 'Done' }).click()
      await page.reload()
      await section.getByText('Why 71?').waitFor()
      await section.getByRole('button', { name: 'Comment on removed line 8' }).click()
      await page.keyboard.type('Keep this')
      await page.keyboard.press('Escape')
      await page.getByRole('status').filter({ hasText: '2 comments' }).waitFor()

      await page.getByRole('button', { name: 'Send comments' }).click()
      await page.getByRole('dialog').getByText('Keep this').waitFor()
      await expectAccessible(page)
      await page.getByRole('button', { name: 'Send now' }).click()
      await page.waitForURL(`**/sessions/${sessionId}`)
      const { turns } = (await server.call('GET', `/sessions/${sessionId}/turns`)).body
      const tick = '```'
      expect(turns[0].prompt).toContain(
        `\`${nameOf(0)}\`, line 8:\n${tick}\nconst value7 = 71\n${tick}\nWhy 71?`,
      )
      expect(turns[0].prompt).toContain(
        `\`${nameOf(0)}\`, removed line 8:\n${tick}\nconst value7 = 70\n${tick}\nKeep this`,
      )

      await page.goto(`${page.url()}/changes`)
      await line.click()
      await page.keyboard.type('Later')
      await page.getByRole('button', { name: 'Send comments' }).click()
      await page.getByRole('button', { name: 'Add to draft' }).click()
      await page.waitForURL(`**/sessions/${sessionId}`)
      const draft = await page.evaluate(`localStorage.getItem('console.draft.${sessionId}')`)
      expect(draft).toContain('Later')
      expect(await page.evaluate(`localStorage.getItem('console.comments.${sessionId}')`)).toBeNull()
      page.expectQuiet()
    })

    test('fit a phone, and make no markup of names and lines', async () => {
      const { visit, smallId: sessionId } = opened()
      const page = await visit(`/sessions/${sessionId}/changes`, phone)
      await page.getByText('Jump to a file').click()
      await page.getByRole('button', { name: /^modified report⟨U\+202E⟩gnp\.exe/ }).click()
      const section = page.getByRole('region', { name: 'report⟨U+202E⟩gnp.exe' })
      await section.getByText('<script>window.owned = 2</script>').waitFor()
      await section.getByText('b ⟨U+202E⟩ mark').waitFor()
      expect(await sizeOf(page)).toMatchObject({ overflow: 0, owned: null })
      await expectAccessible(page)
    })

    test('of a session without a repository appear when a turn has ended', async () => {
      const { visit, server } = opened()
      const id = await server.createSession({ workspace: { type: 'empty' }, allowedTools: ['Write'] })
      const page = await visit(`/sessions/${id}/changes`)
      await page.getByText('Nothing has changed').waitFor()
      await expectAccessible(page)
      await server.ask(id, 'Create a file notes.txt with the text hello')
      await page.getByRole('region', { name: 'notes.txt' }).getByText('hello').waitFor()
      await page.getByText('The directory is not in a git repository').waitFor()
      page.expectQuiet()
    })
  })

  describe('the files of a session', () => {
    test('are a tree by keyboard, with names that deceive nobody, and each has an address', async () => {
      const { visit, sessionId } = opened()
      const page = await visit(`/sessions/${sessionId}/files`)
      const item = (name: string | RegExp) => page.getByRole('treeitem', { name })
      for (const name of ['report⟨U+202E⟩gnp.exe', 'two⟨U+000A⟩lines.txt', '<img src=x onerror=']) {
        await item(name).waitFor()
      }
      await item(/^lib/).focus()
      await page.keyboard.press('ArrowRight')
      await item('part-000.ts').waitFor()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page
        .getByRole('region', { name: `Content of ${nameOf(0)}` })
        .getByText('71')
        .waitFor()
      await page.reload()
      await page
        .getByRole('region', { name: `Content of ${nameOf(0)}` })
        .getByText('71')
        .waitFor()
      expect(await item('part-000.ts').getAttribute('aria-selected')).toBe('true')
      for (const name of ['two⟨U+000A⟩lines.txt', 'percent%2Fa b?c#d&e.txt', '<img src=x onerror=']) {
        await item(name).click()
        await page.getByText('<script>window.owned = 2</script>').waitFor()
      }
      await item('pixel.png').click()
      await page.getByRole('img', { name: 'pixel.png' }).waitFor()
      await item('long.txt').click()
      await page.getByRole('button', { name: /more characters/ }).waitFor()
      expect(await sizeOf(page)).toMatchObject({ overflow: 0, owned: null })
      await expectAccessible(page)
    })

    test('are uploaded without replacing one, edited, downloaded and deleted', async () => {
      const { visit, sessionId, repository } = opened()
      const page = await visit(`/sessions/${sessionId}/files`)
      const content = page.getByRole('region', { name: 'Content of notes.md' })
      const upload = async (text: string) => {
        const [chooser] = await Promise.all([
          page.waitForEvent('filechooser'),
          page.getByRole('button', { name: 'Upload files' }).click(),
        ])
        await chooser.setFiles({ name: 'notes.md', mimeType: 'text/markdown', buffer: Buffer.from(text) })
      }
      await upload('# One\r\n')
      await page.getByRole('treeitem', { name: 'notes.md' }).click()
      await page.getByText('# One').waitFor()
      await upload('# Two\r\n')
      await page.getByRole('dialog').getByText('A file of this name is there already.').waitFor()
      await expectAccessible(page)
      await page.getByRole('button', { name: 'Replace the file' }).click()
      await content.getByText('# Two').waitFor()

      await page.getByRole('button', { name: 'Edit' }).click()
      await page.getByRole('textbox', { name: 'Content of notes.md' }).fill('# Three\nmore\n')
      // Another program is faster.
      writeFileSync(join(repository, 'notes.md'), 'changed by another\r\n')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('The file has changed since you opened it.').waitFor()
      await page.getByRole('button', { name: 'Save anyway' }).click()
      await content.getByText('# Three').waitFor()
      expect(readFileSync(join(repository, 'notes.md'), 'utf8')).toBe('# Three\r\nmore\r\n')

      const file = await saved(page, () => page.getByRole('link', { name: 'Download', exact: true }).click())
      expect([file.name, String(file.bytes)]).toEqual(['notes.md', '# Three\r\nmore\r\n'])
      const archive = await saved(page, () =>
        page.getByRole('link', { name: 'Download as an archive' }).click(),
      )
      expect([...archive.bytes.subarray(0, 2)]).toEqual([0x1f, 0x8b])

      await page.getByRole('button', { name: 'Delete', exact: true }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
      await page.getByText('No file is open').waitFor()
      await page.getByRole('treeitem', { name: 'notes.md' }).waitFor({ state: 'detached' })
      page.expectQuiet()
    })

    test('are not left with unsaved changes before a question', async () => {
      const { visit, sessionId, repository } = opened()
      writeFileSync(join(repository, 'draft.md'), 'saved\n')
      const page = await visit(`/sessions/${sessionId}/files`)
      const address = `${page.url()}?path=draft.md`
      await page.getByRole('treeitem', { name: 'draft.md' }).click()
      await expect.poll(() => page.url()).toBe(address)
      const editor = page.getByRole('textbox', { name: 'Content of draft.md' })
      const question = page.getByRole('dialog', { name: 'Discard your changes?' })
      const keep = async () => {
        await question.getByRole('button', { name: 'Keep editing' }).click()
        await question.waitFor({ state: 'detached' })
        expect(page.url()).toBe(address)
        expect(await editor.inputValue()).toBe('not saved')
      }
      await page.getByRole('button', { name: 'Edit' }).click()
      await editor.fill('not saved')
      await page.getByRole('treeitem', { name: 'big.ts' }).click()
      await question.waitFor()
      await expectAccessible(page)
      await keep()
      await page.getByRole('navigation', { name: 'Session' }).getByRole('link', { name: 'Changes' }).click()
      await keep()
      await page.goBack()
      await keep()
      await page.goBack()
      await question.getByRole('button', { name: 'Discard changes' }).click()
      await expect.poll(() => page.url()).toBe(address.replace('?path=draft.md', ''))
      await question.waitFor({ state: 'detached' })

      await page.getByRole('button', { name: 'New file' }).click()
      const form = page.getByRole('dialog', { name: 'New file' })
      await form.getByLabel('Path').fill('fresh.md')
      await form.getByLabel('Content').fill('not saved')
      await page.keyboard.press('Escape')
      await question.getByRole('button', { name: 'Keep editing' }).click()
      await question.waitFor({ state: 'detached' })
      expect(await form.getByLabel('Content').inputValue()).toBe('not saved')
      await form.getByRole('button', { name: 'Create' }).click()
      await page.getByRole('region', { name: 'Content of fresh.md' }).getByText('not saved').waitFor()
      expect(await question.count()).toBe(0)
      page.expectQuiet()
    })

    test('are listed and read on a phone', async () => {
      const { visit, sessionId } = opened()
      const page = await visit(`/sessions/${sessionId}/files`, phone)
      await page.getByRole('treeitem', { name: 'big.ts' }).waitFor()
      expect(await sizeOf(page)).toMatchObject({ overflow: 0 })
      await expectAccessible(page)
      await page.getByRole('treeitem', { name: 'big.ts' }).tap()
      await page.getByText('let').first().waitFor()
      expect(await sizeOf(page)).toMatchObject({ overflow: 0, nodes: expect.any(Number) })
      expect((await sizeOf(page)).nodes).toBeLessThan(8_000)
      await expectAccessible(page)
      await page.getByRole('button', { name: 'Back to the files' }).tap()
      await page.getByRole('treeitem', { name: 'big.ts' }).waitFor()
    })
  })
}
