import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { createClient } from '../support/client.ts'
import { requirements } from '../support/machine.ts'
import { openServerProgram } from '../support/open-cli.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { childrenOf, programsOf } from '../support/processes.ts'
import { claudeEnvironment, openModel } from '../support/real-claude.ts'

/** The control groups of these processes. Other tests, which run at the same time, have some too. */
function groupsOf(pids: readonly number[]): string[] {
  const names = pids.flatMap(
    pid => readFileSync(`/proc/${pid}/cgroup`, 'utf8').match(/claude-code-api-\S+/g) ?? [],
  )
  return [...new Set(names)].flatMap(name => globSync(`/sys/fs/cgroup/**/${name}`))
}

if (requirements.bubblewrap.find() !== undefined) {
  test('a conversation continues when isolation is turned on, and when it is turned off', async () => {
    const first = await openServer()
    const id = await first.createSession()
    await first.ask(id, 'Remember that my cat is called Minka')
    await first.close()
    const again = async (isolation: 'none' | 'process') =>
      openServer({
        isolation,
        dataDir: `${first.cwd}/data`,
        defaultCwd: first.cwd,
        environment: { HOME: first.cwd, CLAUDE_CONFIG_DIR: `${first.cwd}/.claude` },
      })
    const boxed = await again('process')
    expect((await boxed.ask(id, 'What is my cat called?')).body.response).toContain('Minka')
    await boxed.ask(id, 'Remember that my dog is called Rex')
    await boxed.close()
    const open = await again('none')
    expect((await open.ask(id, 'What is my dog called?')).body.response).toContain('Rex')
    expect((await open.ask(id, 'What is my cat called?')).body.response).toContain('Minka')
  })

  test("a box ends with the server's kill -9, and the next start removes what it has left", async () => {
    const model = await openModel()
    const home = temporaryDirectory()
    mkdirSync(join(home, 'work'))
    const options = {
      isolation: 'process',
      auth: { apiKeys: [apiKey] },
      dataDir: join(home, 'data'),
      defaultCwd: join(home, 'work'),
      keepSpareProcess: false,
    }
    const environment = claudeEnvironment(model, home)
    const start = async () => {
      const program = openServerProgram(options, environment)
      const [, url = ''] = /listening on (\S+)/.exec(await program.said(/listening on \S+/)) ?? []
      return { program, ...createClient(`${url}/api/v1`, apiKey) }
    }
    const first = await start()
    const token = `7${process.pid}`
    model.script('stay', [
      toolUse('Bash', { command: `setsid env -i sleep ${token} >/dev/null 2>&1 & sleep ${token}` }),
      text('done'),
    ])
    const id = await first.createSession({ allowedTools: ['Bash'] })
    first.ask(id, 'stay').catch(() => {})
    await until(() => programsOf(`sleep ${token}`).length > 1)
    const left = groupsOf(programsOf(`sleep ${token}`))
    expect(left).not.toEqual([])
    first.program.child.kill('SIGKILL')
    await until(() => programsOf(`sleep ${token}`).length === 0)
    const second = await start()
    expect(left.filter(existsSync)).toEqual([])
    model.script('and now', text('served'))
    expect((await second.ask(id, 'and now')).body.response).toBe('served')
    const used = groupsOf(childrenOf(second.program.child.pid).map(({ pid }) => pid))
    expect(used).not.toEqual([])
    second.program.child.kill('SIGTERM')
    expect(await second.program.ended).toBe(0)
    expect(used.filter(existsSync)).toEqual([])
  })
}
