import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { parseResults, toProbes, toScript } from '../support/box-probes.ts'
import { makeHostile } from '../support/hostile-project.ts'
import { endsLater, openOnce } from '../support/lifetime.ts'
import { requirements } from '../support/machine.ts'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { programsOf } from '../support/processes.ts'

const megabyte = 1024 * 1024

async function open(isolation: 'none' | 'process') {
  const root = temporaryDirectory()
  for (const name of ['own', 'other', 'hostile']) mkdirSync(join(root, name))
  writeFileSync(join(root, 'other/file.txt'), 'of another session')
  const neighbour = createServer((_request, response) => response.end('reached'))
  const hits: string[] = []
  neighbour.on('request', ({ url = '' }) => hits.push(url))
  await new Promise<void>(resolve => neighbour.listen(0, '127.0.0.1', resolve))
  endsLater(() => new Promise(resolve => neighbour.close(resolve)))
  const server = await openServer({
    isolation,
    isolationLimits: { memoryBytes: 768 * megabyte, processes: 200, temporaryBytes: 8 * megabyte },
    maxWorkspaceBytes: 64 * megabyte,
    allowedSettingSources: ['project', 'local'],
    defaultCwd: root,
    allowedRoots: [root],
    trustedRoots: [join(root, 'hostile')],
  })
  let count = 0
  const begin = (name: string, settings: object = {}) =>
    server.createSession({ cwd: join(root, name), allowedTools: ['Bash'], ...settings })
  /** Has Claude run a command; returns what the command printed, and the answer. */
  const run = async (sessionId: string, command: string) => {
    const prompt = `run command ${++count}`
    let printed = ''
    server.model.script(prompt, ({ round, toolResults }) => {
      if (round === 0) return toolUse('Bash', { command })
      printed = toolResults[0]?.content ?? ''
      return text('done')
    })
    const { status, body } = await server.ask(sessionId, prompt)
    return { printed, status, body }
  }
  const portOf = (url: string) => Number(new URL(url).port)
  const probes = toProbes({
    otherFile: join(root, 'other/file.txt'),
    dataDir: join(server.cwd, 'data'),
    claudeDir: join(server.cwd, '.claude'),
    ports: { server: portOf(server.base), other: (neighbour.address() as AddressInfo).port },
    secret: 'sk-made-up',
  })
  const neighbourUrl = `http://127.0.0.1:${(neighbour.address() as AddressInfo).port}`
  return { ...server, root, begin, run, probes, hits, neighbourUrl }
}

const allowed = ['own directory', 'programs of the machine']

if (requirements.bubblewrap.find() !== undefined) {
  describe('in a box', () => {
    const opened = openOnce(async () => {
      const server = await open('process')
      const [own, other] = [await server.begin('own'), await server.begin('other')]
      return { ...server, own, other }
    })

    test('nothing of the server, of other sessions or of the network is reached', async () => {
      const { run, own, other, probes, hits, call } = opened()
      const { printed, status } = await run(own, toScript(probes))
      expect(status).toBe(200)
      const expected = Object.keys(probes).map(name => [name, allowed.includes(name)])
      expect(parseResults(printed)).toEqual(Object.fromEntries(expected))
      expect(hits).toEqual([])
      expect((await run(other, 'cat file.txt')).printed).toBe('of another session')
      expect((await call('GET', '/health')).body.isolation).toEqual({ level: 'process', missingBounds: [] })
    })

    test('processes, memory and temporary files are limited, and others are served', async () => {
      const { run, own, other } = opened()
      const forks =
        "perl -e 'while (defined($p = fork)) { if (!$p) { sleep 60; exit } $n++; push @p, $p } print $n; kill 9, @p'"
      expect(Number((await run(own, forks)).printed)).toBeLessThan(200)
      const { printed } = await run(own, 'perl -e \'$x = "x" x (2 << 30)\'; echo "code $?"')
      expect(printed).toMatch(/code 137/)
      for (const directory of ['/tmp', '/dev/shm']) {
        // Claude Code itself keeps what a command prints in the temporary directory.
        const file = `${directory}/full`
        const full = await run(own, `head -c 16m /dev/zero > ${file}; c=$?; rm ${file}; echo "code $c"`)
        expect(full.printed).toMatch(/code 1/)
      }
      expect((await run(other, 'echo served')).printed).toBe('served')
    })

    test('a directory that is too large ends the turn, with a reason that says so', async () => {
      const { run, begin, root, other } = opened()
      mkdirSync(join(root, 'large'))
      const id = await begin('large')
      const { status, body } = await run(id, 'head -c 100m /dev/zero > large; sleep 120')
      expect(status).toBe(500)
      expect(body.error.details.reason).toBe('workspace_too_large')
      expect(body.error.message).toMatch(/maxWorkspaceBytes/)
      expect((await run(other, 'echo served')).printed).toBe('served')
    })

    test('nothing that a session starts outlives it', async () => {
      const { run, begin, call } = opened()
      const id = await begin('own')
      const token = `8${process.pid}`
      const hidden = `env -i setsid sh -c 'sleep ${token} & sleep ${token}' >/dev/null 2>&1 &`
      await run(id, `${hidden} (${hidden})`)
      expect(programsOf(`sleep ${token}`)).not.toEqual([])
      expect((await call('DELETE', `/sessions/${id}`)).status).toBe(204)
      await until(() => programsOf(`sleep ${token}`).length === 0)
    })

    test('a trusted repository with every hostile setting changes nothing outside, nor the way to the model', async () => {
      const { run, begin, root, hits, neighbourUrl } = opened()
      const ran = join(root, 'ran')
      makeHostile(join(root, 'hostile'), { ran, tag: 'boxed', baseUrl: neighbourUrl })
      const id = await begin('hostile', { settingSources: ['project', 'local'] })
      expect((await run(id, 'echo still here')).status).toBe(200)
      expect(readdirSync(ran)).toEqual([])
      expect(hits).toEqual([])
      expect(existsSync(join(root, 'other/file.txt'))).toBe(true)
    })
  })
}

test('without a box, all of it is in reach of the agent', async () => {
  const { begin, run, probes, hits } = await open('none')
  await begin('other')
  const { printed } = await run(await begin('own'), toScript(probes))
  const reached = Object.entries(parseResults(printed)).flatMap(([name, yes]) => (yes ? [name] : []))
  expect(reached).toEqual(
    expect.arrayContaining([
      'file of another session',
      'writing into another session',
      'database',
      'secret.key',
      "login of the server's user",
      'API key',
      'port of the server',
      'another port on loopback',
    ]),
  )
  expect(hits).toEqual([])
})
