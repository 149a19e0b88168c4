import { type Browser, chromium } from 'playwright-core'
import { endsLater } from './lifetime.ts'
import { requirements } from './machine.ts'
import { temporaryDirectory } from './open-sessions.ts'

/** Where Chromium is; undefined on a machine that lacks it. */
export const browserPath = requirements.chromium.find()
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Every other name is a foreign site on this machine, as an attacker's name server would have it.
  '--host-resolver-rules=MAP *.example 127.0.0.1',
]

/** Starts a browser without a network of its own; closed after the test. */
export async function openBrowser(): Promise<Browser> {
  const home = temporaryDirectory()
  const env = { PATH: process.env.PATH ?? '', HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home }
  const browser = await chromium.launch({ executablePath: browserPath ?? '', args: quiet, env })
  endsLater(() => browser.close())
  return browser
}
