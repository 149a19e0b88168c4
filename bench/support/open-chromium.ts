import { type Browser, chromium } from 'playwright-core'
import { requirements } from '../../test/support/machine.ts'
import type { Scope } from './scope.ts'

/** Starts a browser that has no network beyond this machine; closed with the bench. */
export async function openChromium(scope: Scope): Promise<Browser> {
  const executablePath = requirements.chromium.find()
  if (!executablePath) throw new Error('this bench needs Chromium: apt-get install chromium')
  const home = scope.directory
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    env: { PATH: process.env.PATH ?? '', HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
  })
  scope.onEnd(() => browser.close())
  return browser
}
