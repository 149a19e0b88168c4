import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { git, makeRepository } from '../support/git.ts'
import { listen, openForwarder } from './open-forwarder.ts'

const run = promisify(execFile)

async function serveRepository() {
  const root = mkdtempSync(join(tmpdir(), 'forwarder-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  makeRepository(join(root, 'origin'))
  git(root, 'clone', '--quiet', '--bare', 'origin', 'project.git')
  git(join(root, 'project.git'), 'update-server-info')
  const server = await listen((req, res) => {
    const file = join(root, new URL(req.url ?? '', 'http://x').pathname)
    if (statSync(file, { throwIfNoEntry: false })?.isFile()) res.end(readFileSync(file))
    else res.writeHead(404).end()
  })
  return { ...server, root }
}

/** Git with nothing but the settings that the forwarder wants. */
function clone(address: string, settings: Readonly<Record<string, string>>, cwd: string, more = {}) {
  const pairs = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const env = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: '/nonexistent',
    GIT_TERMINAL_PROMPT: '0',
    ...more,
  }
  return run('git', [...pairs, 'clone', '--quiet', address, 'copy'], { cwd, env })
}

test('git clones through it, from the address that was checked', async () => {
  const { host, port, root, requests } = await serveRepository()
  let lookups = 0
  const lookup = async () => [{ address: lookups++ === 0 ? '127.0.0.1' : '127.0.0.2', family: 4 }]
  const { forwarder } = await openForwarder({ allowedPrivateHosts: [host], lookup })
  const way = await forwarder.openClone(new URL(`http://git.test:${port}/project.git`), 'default')
  await clone(way.address, way.settings, root, { no_proxy: 'git.test', ...way.environment })
  expect(existsSync(join(root, 'copy', 'a.txt'))).toBe(true)
  expect(requests[0]?.headers).toMatchObject({ host: `git.test:${port}` })
  expect(requests[0]?.headers).not.toHaveProperty('proxy-authorization')
  expect(lookups).toBe(1)
  way.close()
  await expect(clone(way.address, way.settings, join(root, 'copy'))).rejects.toThrow()
})

test('a name that leads to a private address is refused, and git says nothing of it', async () => {
  const { port, root, requests } = await serveRepository()
  const lookup = async () => [{ address: '127.0.0.1', family: 4 }]
  const { forwarder } = await openForwarder({ lookup })
  for (const scheme of ['http', 'https']) {
    const way = await forwarder.openClone(new URL(`${scheme}://git.test:${port}/project.git`), 'default')
    await expect(clone(way.address, way.settings, root, way.environment)).rejects.toThrow()
    expect(way.refusal).toContain(`allowedPrivateHosts: ["git.test:${port}"]`)
  }
  expect(requests).toEqual([])
})

test.each([
  'http://127.0.0.1/x.git',
  'https://localhost/x.git',
  'ssh://git@2130706433/x.git',
  'ssh://git@[::ffff:10.0.0.1]/x.git',
  'git://0x7f.1/x.git',
  'ssh://git@private.test/x.git',
  'git://private.test/x.git',
  "ssh://git@a';id;'/x.git",
  'ssh://git@$(id)/x.git',
])('%s is not allowed', async url => {
  const lookup = async () => [{ address: '10.0.0.1', family: 4 }]
  const { forwarder } = await openForwarder({ lookup })
  await expect(forwarder.openClone(new URL(url), 'default')).rejects.toMatchObject({
    code: 'WORKSPACE_NOT_ALLOWED',
  })
})

test('ssh and the git protocol are given the address that was checked', async () => {
  // An address of documentation would not be public; nothing listens at this one.
  const { port } = await listen(() => {})
  const lookup = async () => [{ address: '127.0.0.1', family: 4 }]
  const { forwarder } = await openForwarder({ lookup, allowedPrivateHosts: [`127.0.0.1:${port}`] })
  const ssh = await forwarder.openClone(new URL(`ssh://git@git.test:${port}/x.git`), 'default')
  expect(ssh.address).toBe(`ssh://git@git.test:${port}/x.git`)
  expect(ssh.environment.GIT_SSH_COMMAND).toContain('-oHostName=127.0.0.1')
  expect(ssh.environment.GIT_SSH_COMMAND).toContain(`-oHostKeyAlias=[git.test]:${port}`)
  const plain = await forwarder.openClone(new URL(`git://git.test:${port}/x.git`), 'default')
  expect(plain.address).toBe(`git://127.0.0.1:${port}/x.git`)
  expect(plain.environment).toEqual({ GIT_OVERRIDE_VIRTUAL_HOST: `git.test:${port}` })
})

test('it is a proxy for nobody else, and for no other origin', async () => {
  const { host, url, root } = await serveRepository()
  const other = await listen((_, response) => response.end('secret'))
  const { forwarder } = await openForwarder({ allowedPrivateHosts: [host, other.host] })
  const way = await forwarder.openClone(new URL(`${url}/project.git`), 'default')
  const proxy = new URL(way.settings['http.proxy'] ?? '')
  const login = `Basic ${Buffer.from(`git:${proxy.password}`).toString('base64')}`
  const ask = (target: string, authorization?: string) =>
    new Promise(resolve => {
      const headers = authorization === undefined ? {} : { 'proxy-authorization': authorization }
      request({ host: '127.0.0.1', port: proxy.port, path: target, headers }, answer => {
        answer.resume()
        resolve(answer.statusCode)
      }).end()
    })
  const connect = (path: string, authorization?: string) =>
    new Promise(resolve => {
      const headers = authorization === undefined ? {} : { 'proxy-authorization': authorization }
      request({ method: 'CONNECT', host: '127.0.0.1', port: proxy.port, path, headers })
        .once('connect', (answer, socket) => {
          socket.destroy()
          resolve(answer.statusCode)
        })
        .end()
    })
  expect(await ask(`${url}/project.git/HEAD`, login)).toBe(200)
  expect(await ask(`${url}/project.git/HEAD`)).toBe(407)
  expect(await ask(`${url}/project.git/HEAD`, 'Basic Z2l0Ong=')).toBe(407)
  expect(await ask(`${other.url}/`, login)).toBe(403)
  expect(await connect(other.host, login)).toBe(403)
  expect(await connect(host)).toBe(407)
  expect(other.requests).toEqual([])
  expect(existsSync(join(root, 'copy'))).toBe(false)
})

test("the operator's proxy is given the address that was checked", async () => {
  const { port, root, requests, host } = await serveRepository()
  const asked: string[] = []
  const proxy = createServer()
  proxy.on('connect', (req, socket, head) => {
    asked.push(`${req.url} ${req.headers['proxy-authorization']}`)
    const [, to = ''] = (req.url ?? '').split(':')
    import('node:net').then(({ connect }) => {
      const target = connect(Number(to), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        target.write(head)
        socket.pipe(target).pipe(socket)
      })
      socket.on('error', () => target.destroy())
      target.on('error', () => socket.destroy())
    })
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void proxy.close())
  const { port: proxyPort } = proxy.address() as { port: number }
  const { forwarder } = await openForwarder({
    allowedPrivateHosts: [host],
    lookup: async () => [{ address: '127.0.0.1', family: 4 }],
    environment: {
      http_proxy: `http://me:word@127.0.0.1:${proxyPort}`,
      no_proxy: 'elsewhere.test,.git.test:1',
    },
  })
  const way = await forwarder.openClone(new URL(`http://git.test:${port}/project.git`), 'default')
  await clone(way.address, way.settings, root, way.environment)
  expect(asked[0]).toBe(`127.0.0.1:${port} Basic ${Buffer.from('me:word').toString('base64')}`)
  expect(requests[0]?.headers.host).toBe(`git.test:${port}`)
})
