import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createClient } from '../support/client.ts'
import { openServerProgram } from '../support/open-cli.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { claudeEnvironment, openModel } from '../support/real-claude.ts'

const key = 'key-of-the-hanging-git'

/** A server that takes requests for a repository and never answers. */
async function openSilence(): Promise<{ url: string; server: Server }> {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

/** Processes with a text in their arguments, in whatever session or group. */
function processesNaming(text: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        const isZombie = /\) [ZX] /.test(readFileSync(`/proc/${name}/stat`, 'utf8'))
        return !isZombie && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(text) ? [Number(name)] : []
      } catch {
        return []
      }
    })
}

async function open() {
  const silence = await openSilence()
  const model = await openModel()
  const home = temporaryDirectory()
  const options = {
    auth: { apiKeys: [key] },
    dataDir: join(home, 'data'),
    defaultCwd: home,
    allowedRoots: [home],
    cloneUrls: [silence.url],
    allowedPrivateHosts: [new URL(silence.url).host],
    drainTimeoutMs: 500,
  }
  const start = async () => {
    const cli = openServerProgram(options, claudeEnvironment(model, home))
    const url = /listening on (\S+)/.exec(await cli.said(/listening on \S+\n/))?.[1] ?? ''
    return { cli, ...createClient(`${url}/api/v1`, key) }
  }
  const server = await start()
  const url = `${silence.url}/hangs.git`
  const asked = server.call('POST', '/sessions', { workspace: { type: 'git', url } }).catch(() => undefined)
  // Git, and its helper that speaks HTTP, which waits for ever.
  const hanging = () => processesNaming(url).filter(pid => pid !== server.cli.child.pid)
  await until(() => hanging().length >= 2)
  return { server, start, hanging, asked }
}

test('a start ends the gits that a killed server has left hanging', async () => {
  const { server, start, hanging, asked } = await open()
  // They would end by themselves when the way that leads through the server breaks.
  for (const pid of hanging()) process.kill(pid, 'SIGSTOP')
  server.cli.child.kill('SIGKILL')
  await server.cli.ended
  await asked
  expect(hanging().length).toBeGreaterThanOrEqual(2)
  const next = await start()
  await until(async () => (await next.call('GET', '/sessions')).status === 200)
  await until(() => hanging().length === 0)
})

test('a signal ends a server whose git hangs, and the git', async () => {
  const { server, hanging, asked } = await open()
  server.cli.child.kill('SIGTERM')
  expect(await server.cli.ended).toBe(0)
  await asked
  expect(hanging()).toEqual([])
})
