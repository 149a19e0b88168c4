import { describe, expect, onTestFinished, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import { openOnce } from '../support/lifetime.ts'
import { requirements } from '../support/machine.ts'
import { findViolations, openConsoleSite } from '../support/open-console-site.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { seedSession } from '../support/seed-session.ts'

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof openConsoleSite>>['visit']>>

const field = (page: Page) => page.getByRole('textbox', { name: 'Prompt' })
const log = (page: Page) => page.getByRole('log', { name: 'Messages' })

async function send(page: Page, prompt: string): Promise<void> {
  await field(page).fill(prompt)
  await field(page).press('Enter')
}

/** Waits until a turn has ended whose answer has the text; a number alone may also be of tokens or of costs. */
async function ends(page: Page, text: string): Promise<void> {
  await log(page).getByText(text).last().waitFor()
  await page.getByText('Claude is working').waitFor({ state: 'detached' })
}

const count = (page: Page, text: string) => log(page).getByText(text, { exact: true }).count()

const prompt = (content: unknown) => ({
  type: 'user',
  message: { role: 'user', content },
  parent_tool_use_id: null,
})
const answer = (id: string, ...content: object[]) => ({
  type: 'assistant',
  message: { id, type: 'message', role: 'assistant', model: 'made-up', content },
  parent_tool_use_id: null,
})

const counted = Array.from({ length: 50 }, (_, index) => `${index + 1}\n`).join('')

/** Has the model count slowly on this prompt, and wait after so many numbers until it is told to go on. */
function countsOn(site: Awaited<ReturnType<typeof openConsoleSite>>, prompt: string, numbers: number) {
  const held = Promise.withResolvers<void>()
  const delivery = { delayMs: 200, fragmentSize: 'line', holdAfterFragments: numbers } as const
  onTestFinished(site.server().model.script(prompt, text(counted, { ...delivery, holdUntil: held.promise })))
  return held.resolve
}

/** 10,000 messages. */
const long = Array.from({ length: 5_000 }, (_, index) => [
  prompt(`prompt ${index}`),
  answer(`m${index}`, { type: 'text', text: `answer ${index}\n\n- **one**\n- \`two\`` }),
]).flat()

const esc = String.fromCharCode(27)
const bidi = String.fromCharCode(0x202e)
const hostile = [
  prompt(`<img src=x onerror="window.owned = 1"> ${bidi}desrever`),
  answer(
    'h1',
    {
      type: 'text',
      text: [
        '<script>window.owned = 2</script><style>* { display: none }</style>',
        '[a](javascript:window.owned=3) [b](https://evil.example/) ![c](https://evil.example/pixel.png)',
        '<iframe src="https://evil.example/"></iframe>',
        `\`rm ${bidi}x\``,
      ].join('\n\n'),
    },
    {
      type: 'tool_use',
      id: 't1',
      name: 'Bash',
      input: { command: `echo ${bidi}safe`, description: '<b>bold</b>' },
    },
  ),
  prompt([
    {
      type: 'tool_result',
      tool_use_id: 't1',
      content: `${esc}[31mred${esc}[0m ${esc}]0;title${String.fromCharCode(7)}${esc}[2Jend ${'x'.repeat(5_000_000)}`,
    },
  ]),
  answer('h2', {
    type: 'tool_use',
    id: 't2',
    name: '__proto__',
    input: { constructor: '<script>1</script>' },
  }),
]

if (requirements.chromium.find() !== undefined) {
  describe('the conversation of the console', () => {
    const opened = openOnce(async () => {
      const dataDir = temporaryDirectory()
      const cwd = temporaryDirectory()
      const longId = await seedSession(dataDir, cwd, 'long', long)
      const hostileId = await seedSession(dataDir, cwd, 'hostile', hostile)
      const site = await openConsoleSite({ dataDir, defaultCwd: cwd })
      return { ...site, longId, hostileId }
    })

    test('streams, survives a reload in the middle of a turn, queues, and is interrupted', async () => {
      const { visit, server } = opened()
      countsOn(opened(), 'Take your time', 40)
      const sessionId = await server().createSession({ title: 'a stream' })
      const page = await visit(`/sessions/${sessionId}`)
      await send(page, 'Take your time')
      await log(page)
        .getByText(/1\s2\s3\s4/)
        .waitFor()
      await page.reload()
      await log(page)
        .getByText(/1\s2\s3\s4\s5\s6\s7\s8/)
        .waitFor()
      expect(await count(page, 'Take your time')).toBe(1)
      await send(page, 'Hello')
      const waiting = page.getByRole('region', { name: 'Waiting prompts' })
      await waiting.getByText('Hello').waitFor()
      expect(await findViolations(page)).toEqual([])
      await page.getByRole('button', { name: 'Stop' }).click()
      await log(page).getByText('Interrupted', { exact: true }).waitFor()
      await ends(page, 'I am the stand-in model')
      expect(await waiting.count()).toBe(0)
      expect(await findViolations(page)).toEqual([])
    })

    test('a prompt is steered into the running turn, and another one takes its place', async () => {
      const { visit, server } = opened()
      const sessionId = await server().createSession({ title: 'while Claude works' })
      const page = await visit(`/sessions/${sessionId}`)
      const sendWhileBusy = async (how: string, prompt: string) => {
        await field(page).fill(prompt)
        await page.getByRole('group', { name: 'While Claude is working' }).getByText(how).click()
        await field(page).press('Enter')
      }
      const goOn = countsOn(opened(), 'Begin to count', 4)
      await send(page, 'Begin to count')
      // Before Claude Code has the turn, input is queued.
      await log(page).getByText('1 2 3 4').waitFor()
      const steered = page.waitForResponse(
        response => response.request().postData()?.includes('6 times') === true,
      )
      await sendWhileBusy('Steer', 'What is 6 times 7?')
      expect((await steered).ok()).toBe(true)
      goOn()
      await ends(page, '6 times 7 is 42')
      const turnsOf = async () => (await server().call('GET', `/sessions/${sessionId}/turns`)).body.turns
      await expect.poll(turnsOf).toMatchObject([{ status: 'completed' }])
      countsOn(opened(), 'Count once more', 4)
      await send(page, 'Count once more')
      await sendWhileBusy('Interrupt', 'What is 5 times 5?')
      await log(page).getByText('Interrupted', { exact: true }).waitFor()
      await ends(page, '5 times 5 is 25')
      await expect.poll(turnsOf).toMatchObject([{}, { status: 'interrupted' }, { status: 'completed' }])
    })

    test('shows the same in two tabs, over a restart of the server', async () => {
      const { visit, server, stop } = await openConsoleSite({ dataDir: `${temporaryDirectory()}/data` })
      const sessionId = await server().createSession({ title: 'two tabs' })
      const one = await visit(`/sessions/${sessionId}`)
      const other = await visit(`/sessions/${sessionId}`)
      await send(one, 'What is 6 times 7?')
      await Promise.all([ends(one, '6 times 7 is 42'), ends(other, '6 times 7 is 42')])
      const start = await stop()
      await one.getByText('Reconnecting').waitFor()
      await start()
      await one.getByText('Reconnecting').waitFor({ state: 'detached' })
      await send(one, 'What is 5 times 5?')
      await Promise.all([ends(one, '5 times 5 is 25'), ends(other, '5 times 5 is 25')])
      for (const page of [one, other]) expect(await count(page, 'What is 6 times 7?')).toBe(1)
    })

    test('many tabs that were left hold no connection, and catch up when they are seen again', async () => {
      const { visit, server } = opened()
      const sessionId = await server().createSession({ title: 'many tabs' })
      const first = await visit(`/sessions/${sessionId}`)
      const leave = async (page: Page) => {
        await field(page).waitFor()
        await page.evaluate("window.dispatchEvent(new Event('pagehide'))")
      }
      await leave(first)
      // A browser has six connections to a server.
      for (let count = 0; count < 7; count++) {
        const tab = await first.context().newPage()
        await tab.goto(first.url())
        await leave(tab)
      }
      const last = await first.context().newPage()
      await last.goto(first.url())
      await send(last, 'What is 6 times 7?')
      await ends(last, '6 times 7 is 42')
      expect(await count(first, 'What is 6 times 7?')).toBe(0)
      await first.evaluate("window.dispatchEvent(new Event('pageshow'))")
      await ends(first, '6 times 7 is 42')
      expect(await count(first, 'What is 6 times 7?')).toBe(1)
    })

    test('forks after a turn, and rewinds with what this does to the files', async () => {
      const { visit, server } = opened()
      const sessionId = await server().createSession({ title: 'branches', permissionMode: 'acceptEdits' })
      const page = await visit(`/sessions/${sessionId}`)
      await send(page, 'What is 2 times 3?')
      await ends(page, '2 times 3 is 6')
      await send(page, 'Create a file notes.txt with the text hello')
      await ends(page, 'Write is done')
      await page.getByRole('button', { name: 'Turn actions' }).last().click()
      await page.getByRole('menuitem', { name: 'Rewind to before this turn' }).click()
      const dialog = page.getByRole('dialog', { name: 'Rewind to before this turn' })
      await dialog.getByText('notes.txt').waitFor()
      expect(await findViolations(page)).toEqual([])
      await dialog.getByRole('button', { name: 'Rewind' }).click()
      const fold = page.getByRole('button', { name: /what was rewound/ })
      await fold.waitFor()
      expect(await count(page, 'Create a file notes.txt with the text hello')).toBe(0)
      await fold.click()
      await log(page).getByText('Create a file notes.txt with the text hello').waitFor()
      await page.getByRole('button', { name: 'Turn actions' }).first().click()
      await page.getByRole('menuitem', { name: 'Fork after this turn' }).click()
      await page.waitForURL(url => !url.pathname.includes(sessionId))
      await log(page).getByText('What is 2 times 3?').waitFor()
    })

    test('a hostile transcript runs nothing, loads nothing, and does not freeze the page', async () => {
      const { visit, hostileId } = opened()
      const page = await visit(`/sessions/${hostileId}`)
      const foreign: string[] = []
      page.on('request', request => {
        if (request.url().includes('evil')) foreign.push(request.url())
      })
      await log(page).getByText('<script>window.owned = 2</script>').waitFor()
      await log(page).getByText('rm ⟨U+202E⟩x').waitFor()
      await page.getByRole('button', { name: /Bash/ }).click()
      await page.getByRole('group', { name: 'Command' }).getByText('echo ⟨U+202E⟩safe').waitFor()
      await page.getByRole('group', { name: 'Output' }).getByText('red', { exact: true }).waitFor()
      const output = (await page.getByRole('group', { name: 'Output' }).textContent()) ?? ''
      expect(output).toMatch(/^red end x+$/)
      expect(output.length).toBeLessThan(20_000)
      const links = log(page).locator('a')
      // Before the Markdown is drawn, its source is shown.
      await expect
        .poll(() => links.evaluateAll(all => all.map(link => link.getAttribute('href'))), { timeout: 60_000 })
        .toEqual(['https://evil.example/', 'https://evil.example/pixel.png'])
      expect(await page.evaluate('window.owned')).toBeUndefined()
      expect(foreign).toEqual([])
      expect(await findViolations(page)).toEqual([])
    })

    test('10,000 messages are a few elements, and those before them come when they are scrolled to', async () => {
      const { visit, longId } = opened()
      const page = await visit(`/sessions/${longId}`)
      await log(page).getByText('answer 4999').waitFor()
      const elements = () => page.evaluate<number>('document.querySelectorAll("*").length')
      expect(await elements()).toBeLessThan(1_500)
      const shown = log(page)
      await shown.evaluate(box => {
        box.scrollTop = box.scrollHeight / 2
      })
      await page.getByRole('button', { name: 'Jump to latest' }).waitFor()
      const first = shown.getByText('prompt 0', { exact: true })
      // A page of older messages that arrives keeps what is in view where it is: scrolled until the first is seen.
      await expect
        .poll(
          async () => {
            await shown.evaluate(box => {
              box.scrollTop = 0
            })
            await page.evaluate('new Promise(requestAnimationFrame)')
            return first.isVisible()
          },
          { interval: 1, timeout: 60_000 },
        )
        .toBe(true)
      expect(await elements()).toBeLessThan(1_500)
      await page.getByRole('button', { name: 'Jump to latest' }).click()
      await log(page).getByText('answer 4999').waitFor()
    })
  })
}
