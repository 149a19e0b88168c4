import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'
import { sentTo } from '../support/sent-to-model.ts'

const bash = (command: string) => toolUse('Bash', { command })

test('both inputs are on record, Claude is told, and the rules that deny hold for what a person puts in', async () => {
  const server = await openServer({ record: true })
  const { model, cwd, createSession, call, send } = server
  const at = (name: string) => join(cwd, name)
  const commands = [`touch ${at('asked')}`, `touch ${at('asked')}`, `touch ${at('kept')}`]
  model.script('do these', ({ round }) => {
    const command = commands[round]
    return command === undefined ? text('done') : bash(command)
  })
  const id = await createSession({ permissionPrompts: 'ask', disallowedTools: ['Bash(rm *)'] })
  const answered = server.ask(id, 'do these')

  const [first] = await pendingPermissions(server, id)
  for (const [updatedInput, path] of [
    [{ cmd: 'ls' }, 'updatedInput.command'],
    [{ command: 5 }, 'updatedInput.command'],
    [{ command: 'ls', nonsense: true }, 'updatedInput.nonsense'],
  ] as const) {
    const refused = await answer(server, first, { decision: 'allow', updatedInput })
    expect(refused).toMatchObject({ status: 400, body: { error: { details: { issues: [{ path }] } } } })
  }
  const updatedInput = { command: `touch ${at('ran')}` }
  const changed = { decision: 'allow', updatedInput, message: 'I have renamed it' }
  const decided = await answer(server, first, changed)
  expect(decided.body).toMatchObject({ status: 'allowed', input: { command: commands[0] }, updatedInput })

  // A rule denies what is put in: alone, and as a part of a command.
  const [second] = await pendingPermissions(server, id)
  const hidden = { command: `true; rm -f ${at('ran')}` }
  await answer(server, second, { decision: 'allow', updatedInput: hidden })
  const [third] = await pendingPermissions(server, id)
  await answer(server, third, { decision: 'allow', message: 'This one as it is' })
  expect((await answered).body.response).toBe('done')
  expect(['asked', 'ran', 'kept'].map(name => existsSync(at(name)))).toEqual([false, true, true])

  const sent = sentTo(model).map(request => request.text)
  expect(sent[1]).toContain('The user changed the input of this call')
  expect(sent[1]).toContain('I have renamed it')
  expect(sent[2]).toContain('has been denied')
  expect(sent[3]).toContain('This one as it is')

  const { body } = await call('GET', `/sessions/${id}/messages?limit=1000`)
  const changes = body.messages.filter(
    ({ subtype }: { subtype: string | null }) => subtype === 'tool_input_changed',
  )
  expect(changes.map(({ content }: { content: object }) => content)).toMatchObject([
    { input: { command: commands[0] }, updated_input: updatedInput, tool_use_id: first.toolUseId },
    { updated_input: hidden },
  ])
  for (const format of ['jsonl', 'markdown', 'html']) {
    const exported = await (await send('GET', `/sessions/${id}/export?format=${format}`)).text()
    expect(exported).toContain(`touch ${at('asked')}`)
    expect(exported).toContain(`touch ${at('ran')}`)
  }
  const { permissions } = (await call('GET', `/sessions/${id}/permissions?status=all`)).body
  expect(permissions).toMatchObject([{ updatedInput }, { updatedInput: hidden }, { updatedInput: null }])
})

test('a message with allow reaches Claude for a question and for a plan', async () => {
  const server = await openServer({ record: true })
  const { model, createSession } = server
  const questions = [
    {
      question: 'Which color?',
      header: 'Color',
      multiSelect: false,
      options: [
        { label: 'Red', description: 'like a rose' },
        { label: 'Blue', description: 'like the sea' },
      ],
    },
  ]
  model.script('ask and plan', ({ round }) => {
    if (round === 0) return toolUse('AskUserQuestion', { questions })
    return round === 1 ? toolUse('ExitPlanMode', { plan: '# A plan' }) : text('done')
  })
  const id = await createSession({ permissionPrompts: 'ask', permissionMode: 'plan' })
  const answered = server.ask(id, 'ask and plan')
  const [question] = await pendingPermissions(server, id)
  const answers = { 'Which color?': 'Blue' }
  await answer(server, question, { decision: 'allow', answers, message: 'A light one' })
  const [plan] = await pendingPermissions(server, id)
  await answer(server, plan, { decision: 'allow', message: 'Slowly please' })
  await answered
  const sent = sentTo(model).map(request => request.text)
  expect(sent[1]).toContain('A light one')
  expect(sent[2]).toContain('Slowly please')
})
