import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { git, makeRepository } from '../support/git.ts'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'

const password = 'hunter2-is-no-secret'
const authorization = `Basic ${Buffer.from(`somebody:${password}`).toString('base64')}`

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server of a repository that lets only somebody in. */
async function serveRepository(): Promise<string> {
  const root = temporaryDirectory()
  makeRepository(join(root, 'origin'))
  git(root, 'clone', '--quiet', '--bare', 'origin', 'project.git')
  git(join(root, 'project.git'), 'update-server-info')
  return listen((req, res) => {
    if (req.headers.authorization !== authorization) {
      res.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end()
      return
    }
    const file = join(root, new URL(req.url ?? '', 'http://x').pathname)
    if (statSync(file, { throwIfNoEntry: false })?.isFile()) res.end(readFileSync(file))
    else res.writeHead(404).end()
  })
}

async function open(base: string, more: Parameters<typeof openServer>[0] = {}) {
  const server = await openServer({
    cloneUrls: [`${base}/`],
    allowedPrivateHosts: [new URL(base).host],
    ...more,
  })
  const clone = (url: string) => server.call('POST', '/sessions', { workspace: { type: 'git', url } })
  return { ...server, clone, holders: join(server.cwd, 'data', 'workspaces') }
}

describe('a clone over HTTP', () => {
  test('uses the password in the URL, and keeps it nowhere', async () => {
    const base = await serveRepository()
    const { call, clone, cwd, log } = await open(base)
    const { body } = await clone(`${base.replace('//', `//somebody:${password}@`)}/project.git`)
    const { workspace } = (await call('GET', `/sessions/${body.sessionId}`)).body
    expect(workspace).toMatchObject({ url: `${base}/project.git`, ref: null })
    expect(readFileSync(join(workspace.path, 'a.txt'), 'utf8')).toBe('one\n')
    const encoded = authorization.slice('Basic '.length)
    for (const secret of [password, encoded]) {
      expect(JSON.stringify(log.lines)).not.toContain(secret)
      for (const name of globSync('{data,.claude}/**/*', { cwd, exclude: ['**/objects/**'] })) {
        const file = join(cwd, name)
        if (statSync(file, { throwIfNoEntry: false })?.isFile()) {
          expect(readFileSync(file).includes(secret), name).toBe(false)
        }
      }
    }
  })

  test('with a wrong password, or none, says so without it', async () => {
    const base = await serveRepository()
    const { clone, log, holders } = await open(base)
    for (const login of ['somebody:wrong-password@', '']) {
      const { status, body } = await clone(`${base.replace('//', `//${login}`)}/project.git`)
      expect(status).toBe(422)
      expect(body.error).toMatchObject({
        code: 'WORKSPACE_FAILED',
        details: { type: 'git', reason: 'authentication_required' },
      })
      expect(JSON.stringify([body, log.lines])).not.toContain('wrong-password')
      // Nor what git says, which has the address in it.
      expect(body.error.message).not.toContain('127.0.0.1')
    }
    const missing = await clone(`${base.replace('//', `//somebody:${password}@`)}/other.git`)
    expect(missing.body.error.details.reason).toBe('not_found')
    expect(readdirSync(holders)).toEqual([])
  })

  test('follows nobody to another server', async () => {
    let visits = 0
    const elsewhere = await listen((_, res) => {
      visits++
      res.writeHead(404).end()
    })
    const base = await listen((req, res) => res.writeHead(302, { Location: `${elsewhere}${req.url}` }).end())
    const { clone } = await open(base)
    expect((await clone(`${base}/project.git`)).body.error.code).toBe('WORKSPACE_FAILED')
    expect(visits).toBe(0)
    expect((await clone(`${elsewhere}/project.git`)).body.error.code).toBe('WORKSPACE_NOT_ALLOWED')
    expect(visits).toBe(0)
  })

  test('that takes too long is given up, and nothing of it is left', async () => {
    const base = await listen(() => {})
    const { clone, holders } = await open(base, { cloneTimeoutMs: 500 })
    const { body } = await clone(`${base}/project.git`)
    expect(body.error).toMatchObject({ code: 'WORKSPACE_FAILED', details: { reason: 'timed_out' } })
    expect(readdirSync(holders)).toEqual([])
    await until(() => !processes().includes(base))
  })

  test('ends with the client that asked for it, and with the server', async () => {
    const asked = Promise.withResolvers<void>()
    const base = await listen(() => asked.resolve())
    const { send, close, clone, holders, log } = await open(base)
    const leaving = new AbortController()
    const body = { workspace: { type: 'git', url: `${base}/project.git` } }
    const left = send('POST', '/sessions', body, { signal: leaving.signal }).catch(() => 'left')
    await asked.promise
    leaving.abort()
    expect(await left).toBe('left')
    await until(() => readdirSync(holders).length === 0 && !processes().includes(base))
    const refused = clone(`${base}/project.git`).catch(() => undefined)
    await until(() => processes().includes(base))
    await close()
    expect([503, undefined]).toContain((await refused)?.status)
    expect(processes()).not.toContain(base)
    expect(log.faults()).toEqual([])
    expect(readdirSync(holders)).toEqual([])
  })
})

function processes(): string {
  return execFileSync('ps', ['-eo', 'args'], { env: { PATH: '/usr/bin:/bin' }, encoding: 'utf8' })
}
