import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'
import { claudesOf } from '../support/processes.ts'

type Server = Awaited<ReturnType<typeof openServer>>

const ask = { permissionPrompts: 'ask' }

/** What a rule that is taken apart at the wrong place would make more of, or less. */
const commands = [
  `python3 -c "print(1)" '),Bash,('`,
  'python3 -c "print(1); print(2)"',
  "awk '{print $1)'",
  String.raw`python3 -c 'print("a\(b\\)")' \\`,
  `python3 -c 'print(", Bash(*), ü")'`,
  `python3 -c 'print("*")' ')'`,
]
const another = 'python3 -c "print(99)"'

/** Has Claude run the commands; each that is asked for gets the answer. Says which were. */
async function run(server: Server, id: string, wanted: readonly string[], decision: object) {
  const prompt = `run these ${randomUUID()}`
  server.model.script(prompt, ({ round }) => {
    const command = wanted[round]
    return command === undefined ? text('done') : toolUse('Bash', { command })
  })
  const asked: unknown[] = []
  let over = false
  const answered = server.ask(id, prompt).finally(() => {
    over = true
  })
  for (;;) {
    await until(
      async () => over || (await server.call('GET', `/sessions/${id}`)).body.state === 'requires_action',
    )
    if (over) break
    const [request] = await pendingPermissions(server, id)
    asked.push(request.input.command)
    await answer(server, request, decision)
  }
  expect((await answered).body.response).toBe('done')
  return asked
}

test.each([{ settingSources: ['project'] }, { settingSources: [] }])(
  'what was allowed for the session is allowed in a new process, and nothing else, with %j',
  async given => {
    const defaultCwd = temporaryDirectory()
    const server = await openServer({ defaultCwd, trustedRoots: [defaultCwd] })
    const id = await server.createSession({ ...ask, ...given, effort: 'low' })
    expect(await run(server, id, commands, { decision: 'allow', remember: 'session' })).toEqual(commands)
    const [first] = claudesOf(process.pid, id)

    // Only a start can give this.
    await server.call('PATCH', `/sessions/${id}`, { maxTurns: 90 })
    expect(await run(server, id, [...commands, another], { decision: 'deny' })).toEqual([another])
    const [second] = claudesOf(process.pid, id)
    expect(second).not.toBe(first)

    // A living process takes this, by the way that the rules have come.
    await server.call('PATCH', `/sessions/${id}`, { effort: 'high' })
    expect(await run(server, id, [...commands, another], { decision: 'deny' })).toEqual([another])
    expect(claudesOf(process.pid, id)).toEqual([second])
  },
)

test('a plan that is approved with bypassPermissions has the next turn work without asking', async () => {
  const server = await openServer({ allowBypassPermissions: true, agentEnv: { IS_SANDBOX: '1' } })
  const { call, createSession, model } = server
  model.script('plan it', [toolUse('ExitPlanMode', { plan: '# A plan' }), text('As planned.')])
  const id = await createSession({ ...ask, permissionMode: 'plan' })
  const answered = server.ask(id, 'plan it')
  const [plan] = await pendingPermissions(server, id)
  await answer(server, plan, { decision: 'allow', permissionMode: 'bypassPermissions' })
  expect((await answered).body.response).toBe('As planned.')
  expect((await call('GET', `/sessions/${id}`)).body.config.permissionMode).toBe('bypassPermissions')
  expect(await run(server, id, [another], { decision: 'deny' })).toEqual([])
})
