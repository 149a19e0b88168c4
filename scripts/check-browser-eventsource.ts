import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Response } from 'express'
import { openAwkwardEvents } from '../test/support/awkward-events.ts'

/*
 * Checks the framing of event streams with the EventSource of a real browser: node scripts/check-browser-eventsource.ts
 * Needs Chromium, which is why it is no part of the tests; those use a client of the same standard.
 */

const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const boundMs = 60_000
const collector = join(import.meta.dirname, '../test/fixtures/collect-events.ts')
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--dump-dom',
]

const say = (text: string) => process.stdout.write(`${text}\n`)

// The page has loaded, and is dumped, when its image has come: the server holds it back until the script is done.
const page = (
  url: string,
) => `<!doctype html><pre id="summary">nothing</pre><img src="/done.svg"><script type="module">
import { collectEvents } from '/collect-events.js'
const lines = await collectEvents(new EventSource(${JSON.stringify(url)}))
document.getElementById('summary').textContent = btoa(JSON.stringify(lines))
await fetch('/summary-is-there')
</script>`

async function check(browser: string): Promise<boolean> {
  let url = ''
  let image: Response | undefined
  const server = await openAwkwardEvents({ enabled: false }, app => {
    app.get('/', (_req, res) => res.type('html').send(page(url)))
    app.get('/collect-events.js', (_req, res) =>
      res.type('js').send(stripTypeScriptTypes(readFileSync(collector, 'utf8'))),
    )
    app.get('/done.svg', (_req, res) => {
      image = res
    })
    app.get('/summary-is-there', (_req, res) => {
      res.end()
      image?.type('svg').send('<svg xmlns="http://www.w3.org/2000/svg"/>')
    })
  })
  url = server.url
  const profile = mkdtempSync(join(tmpdir(), 'claude-code-api-browser-'))
  try {
    const args = [...flags, `--user-data-dir=${profile}`, `${server.door.origin}/`]
    const env = { HOME: profile, PATH: '/usr/bin:/bin' }
    const options = { env, timeout: boundMs, killSignal: 'SIGKILL' as const, maxBuffer: 64 * 1024 * 1024 }
    const playing = server.play()
    playing.catch(() => {})
    const { stdout } = await promisify(execFile)(browser, args, options)
    const summary = /<pre id="summary">([^<]*)<\/pre>/.exec(stdout)?.[1] ?? ''
    const seen = JSON.stringify(summary === 'nothing' ? [] : JSON.parse(atob(summary)))
    const expected = await server.expected()
    const same = seen === JSON.stringify(expected)
    say(
      `${expected.length} events stored; the browser came back after ${JSON.stringify(server.resumedAfter)}`,
    )
    say(same ? 'It saw exactly these.' : `It saw something else: ${seen}`)
    return same
  } finally {
    await server.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

const browser = browsers.find(file => existsSync(file))
if (browser) process.exitCode = (await check(browser)) ? 0 : 1
else {
  say(`There is no Chromium at any of ${browsers.join(', ')}. Nothing was checked.`)
  process.exitCode = 1
}
