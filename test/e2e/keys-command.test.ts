import { expect, test } from 'vitest'
import { openStore } from '../../src/store/open-store.ts'
import { createClient } from '../support/client.ts'
import { openCli } from '../support/open-cli.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

test('keys are made, listed, replaced and revoked on the data directory of a server that does not run', async () => {
  const home = temporaryDirectory()
  const dataDir = `${home}/data`
  const env = { PATH: process.env.PATH ?? '', HOME: home }
  const run = async (...args: string[]) => {
    const cli = openCli(['keys', ...args, '--data-dir', dataDir], env)
    const code = await cli.ended
    return { code, out: cli.stdout().trim(), err: cli.stderr() }
  }
  const made = await run(
    'create',
    '--name',
    'bot',
    '--scope',
    'sessions:read',
    '--tenant',
    'team-a',
    '--limit',
    'turnsPerHour=5',
  )
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^ccak_[0-9a-z]{12}_[0-9A-Za-z]{46}$/) })
  const keyId = made.out.split('_')[1] ?? ''

  const server = openCli(
    ['serve', '--port', '0', '--data-dir', dataDir, '--root', home, '--isolation', 'none'],
    {
      ...env,
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:9',
      ANTHROPIC_API_KEY: 'made-up',
    },
  )
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(await server.said(/http:\/\/127\.0\.0\.1:\d+/)) ?? []
  const client = createClient(`${url}/api/v1`, made.out)
  expect((await client.call('GET', '/sessions')).body).toMatchObject({ total: 0 })
  expect((await client.call('POST', '/sessions', {})).body.error.code).toBe('SCOPE_REQUIRED')
  const refused = await run('list')
  expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/in use/) })
  server.child.kill('SIGTERM')
  await server.ended

  const rotated = await run('rotate', keyId, '--grace', '1h')
  expect(rotated.out).not.toBe(made.out)
  const listed = await run('list', '--json', '--tenant', 'team-a')
  expect(JSON.parse(listed.out)).toMatchObject({
    keyId,
    limits: { turnsPerHour: 5 },
    lastUsedAt: expect.any(String),
  })
  expect(await run('revoke', keyId)).toMatchObject({ code: 0 })
  expect((await run('list')).out).toBe('')
  expect((await run('list', '--all')).out).toContain('revoked')
  expect(await run('create', '--name', 'bot', '--scope', 'root')).toMatchObject({ code: 2 })
  expect(await run('revoke', 'unknown')).toMatchObject({ code: 1 })
  const store = await openStore({ file: `${dataDir}/claude-code-api.db` })
  const { entries } = await store.audit.listAudit({
    ...{ tenantId: 'team-a', order: 'oldest', limit: 10, keyId: 'command-line', outcome: 'done' },
    ...{ after: undefined, fromId: undefined, toId: undefined, sessionId: undefined, action: undefined },
  })
  await store.close()
  expect(entries.map(({ action, details }) => [action, details.keyId])).toEqual([
    ['key.create', keyId],
    ['key.rotate', keyId],
    ['key.revoke', keyId],
  ])
})

test('a server with keys of a second tenant starts only if isolation is set', async () => {
  const home = temporaryDirectory()
  const env = { PATH: process.env.PATH ?? '', HOME: home }
  const places = ['--data-dir', `${home}/data`]
  const made = openCli(
    ['keys', 'create', '--name', 'x', '--scope', 'admin', '--tenant', 'red', ...places],
    env,
  )
  expect(await made.ended).toBe(0)
  const server = openCli(['serve', '--port', '0', '--root', home, ...places], env)
  expect(await server.ended).toBe(1)
  expect(server.stderr()).toContain('isolation: must be set while there is more than one tenant')
})
