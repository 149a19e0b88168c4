import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { allScopes } from '../../src/sessions/records.ts'
import { createClient } from '../support/client.ts'
import { makeRepository } from '../support/git.ts'
import { openOnce } from '../support/lifetime.ts'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

const shared = openOnce(async () => {
  const top = temporaryDirectory()
  const roots = { red: join(top, 'red'), blue: join(top, 'blue') }
  for (const root of Object.values(roots)) mkdirSync(root)
  makeRepository(join(roots.red, 'repository'))
  const server = await openServer({
    allowBypassPermissions: true,
    allowStdioMcpServers: true,
    isolation: 'none',
    tenants: {
      red: { allowedRoots: [roots.red], trustedRoots: [roots.red], allowStdioMcpServers: true },
      blue: { allowedRoots: [roots.blue], cloneUrls: ['https://example.com/blue/'] },
    },
  })
  const clientOf = async (tenant: string) => {
    const body = { name: tenant, scopes: [...allScopes], tenant }
    return createClient(server.base, (await server.call('POST', '/keys', body)).body.key)
  }
  const clients = {
    red: await clientOf('red'),
    blue: await clientOf('blue'),
    unnamed: await clientOf('unnamed'),
  }
  return { server, roots, ...clients }
})

const stdio = { mcpServers: { local: { type: 'stdio', command: '/bin/true' } } }

describe('a tenant with roots', () => {
  test('works in its own, and in no other directory of the server', async () => {
    const { red, blue, server, roots } = shared()
    const made = await red.call('POST', '/sessions', { cwd: join(roots.red, 'repository') })
    expect(made.status).toBe(201)
    expect((await red.call('GET', `/sessions/${made.body.sessionId}`)).body).toMatchObject({
      tenant: 'red',
      settingsInForce: { trusted: true },
    })
    for (const cwd of [roots.red, server.cwd, '/etc', join(roots.blue, '..')]) {
      const refused = await blue.call('POST', '/sessions', { cwd })
      expect(refused.body.error, cwd).toMatchObject({
        code: 'CWD_NOT_ALLOWED',
        details: { allowedRoots: [roots.blue] },
      })
      const beside = await blue.call('POST', '/sessions', { cwd: roots.blue, additionalDirectories: [cwd] })
      expect(beside.body.error.code, cwd).toBe('CWD_NOT_ALLOWED')
    }
    const foreign = await server.call('POST', '/sessions', { cwd: roots.red })
    expect(foreign.body.error.code).toBe('CWD_NOT_ALLOWED')
    expect((await server.call('POST', '/sessions?tenant=red', { cwd: roots.red })).status).toBe(201)
  })

  test('clones from its own addresses, and no repository of another tenant', async () => {
    const { blue, roots } = shared()
    for (const url of ['https://example.com/red/', 'https://example.org/blue/x']) {
      const refused = await blue.call('POST', '/sessions', { workspace: { type: 'git', url } })
      expect(refused.body.error.code, url).toBe('WORKSPACE_NOT_ALLOWED')
    }
    const repository = join(roots.red, 'repository')
    for (const workspace of [
      { type: 'git', url: repository },
      { type: 'worktree', repository },
    ]) {
      expect((await blue.call('POST', '/sessions', { workspace })).body.error.code).toBe('CWD_NOT_ALLOWED')
    }
    // A directory whose git directory is another tenant's.
    mkdirSync(join(roots.blue, 'link'))
    writeFileSync(join(roots.blue, 'link/.git'), `gitdir: ${repository}/.git\n`)
    const linked = await blue.call('POST', '/sessions', {
      workspace: { type: 'worktree', repository: join(roots.blue, 'link') },
    })
    expect([linked.status, linked.body.error.code]).toEqual([403, 'WORKSPACE_NOT_ALLOWED'])
  })

  test('starts programs and bypasses permissions only if it may itself', async () => {
    const { red, blue, server } = shared()
    expect((await red.call('POST', '/sessions', stdio)).status).toBe(201)
    expect((await server.call('POST', '/sessions', stdio)).status).toBe(201)
    expect((await blue.call('POST', '/sessions', stdio)).body.error).toMatchObject({
      code: 'SETTING_NOT_ALLOWED',
      details: { option: 'allowStdioMcpServers' },
    })
    const bypass = { permissionMode: 'bypassPermissions' }
    expect((await server.call('POST', '/sessions', bypass)).status).toBe(201)
    for (const client of [red, blue]) {
      expect((await client.call('POST', '/sessions', bypass)).body.error.code).toBe(
        'PERMISSION_MODE_NOT_ALLOWED',
      )
      const { sessionId } = (await client.call('POST', '/sessions', {})).body
      const patched = await client.call('PATCH', `/sessions/${sessionId}`, bypass)
      expect(patched.body.error.code).toBe('PERMISSION_MODE_NOT_ALLOWED')
    }
  })
})

test('a tenant without roots gets directories of its own below its name', async () => {
  const { unnamed, server } = shared()
  const { sessionId } = (await unnamed.call('POST', '/sessions', {})).body
  const { config } = (await unnamed.call('GET', `/sessions/${sessionId}`)).body
  expect(config.cwd).toBe(join(server.cwd, 'data/workspaces/unnamed', sessionId, 'workspace'))
  for (const cwd of [server.cwd, config.cwd, join(server.cwd, 'data/workspaces/unnamed')]) {
    expect((await unnamed.call('POST', '/sessions', { cwd })).body.error.code).toBe('CWD_NOT_ALLOWED')
  }
  await unnamed.call('PUT', `/sessions/${sessionId}/files/content?path=a.txt`, 'mine')
  expect((await unnamed.call('GET', `/sessions/${sessionId}/files`)).body.entries).toMatchObject([
    { path: 'a.txt' },
  ])
  expect((await unnamed.call('DELETE', `/sessions/${sessionId}`)).status).toBe(204)
})
