import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../src/store/open-store.ts'
import { fillStore } from '../support/filled-store.ts'
import { openCli } from '../support/open-cli.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

test('backup works beside a server, restore refuses it, and both say what is left to do', async () => {
  const home = temporaryDirectory()
  const dataDir = join(home, 'data')
  const archive = join(home, 'backup.tar.gz')
  const run = async (...args: string[]) => {
    const cli = openCli(args, { PATH: '/usr/bin:/bin', HOME: home })
    return { code: await cli.ended, stdout: cli.stdout(), stderr: cli.stderr() }
  }
  expect(await run('backup', archive, '--data-dir', dataDir)).toMatchObject({
    code: 1,
    stderr: `claude-code-api: There is no database ${join(dataDir, 'claude-code-api.db')}\n`,
  })
  const store = await openStore({ file: join(dataDir, 'claude-code-api.db') })
  const session = await fillStore(store, dataDir)
  const made = await run('backup', archive, '--data-dir', dataDir)
  expect(made).toMatchObject({ code: 0, stderr: '' })
  expect(made.stdout).toMatch(
    /verified: 1 sessions, 1 turns, 3 events, 3 files; [\d.]+ MiB, of \S+, sqlite\n.*secret\.key/,
  )
  expect(statSync(archive).mode & 0o777).toBe(0o600)
  expect(await run('restore', archive, '--data-dir', dataDir)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/is in use by process \d+ on /),
  })
  await store.close()
  const checked = await run('backup', '--verify', '--json', archive)
  expect(JSON.parse(checked.stdout)).toMatchObject({
    file: archive,
    rows: { sessions: 1, events: 3 },
    files: 3,
  })

  const target = join(home, 'moved')
  const restored = await run('restore', archive, '--data-dir', target)
  expect(restored).toMatchObject({ code: 0, stderr: '' })
  expect(restored.stdout).toContain('sealed secrets of webhooks, presets and 1 sessions')
  expect(restored.stdout).toContain(`were in ${join(dataDir, 'workspaces')}`)
  const reopened = await openStore({ file: join(target, 'claude-code-api.db') })
  expect(await reopened.findSession(session.tenantId, session.id)).toMatchObject({ lastSequence: 3 })
  await reopened.close()
  expect(readdirSync(home).sort()).toEqual(['backup.tar.gz', 'data', 'moved'])
})
