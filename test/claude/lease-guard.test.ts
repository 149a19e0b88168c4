import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ProcessFiles } from '../../src/cluster/process-files.ts'
import { text, toolUse } from '../../src/demo/answer.ts'
import type { ToolUse } from '../../src/sessions/ports/index.ts'
import { listenerWith, plainSpec } from '../support/agent-parts.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { openRealLauncher } from '../support/real-claude.ts'

/** A session that runs a tool in each turn, and the reports of its calls. */
async function openGuarded(onBeforeTool: (use: ToolUse) => void = () => {}) {
  const lease = { isGood: true }
  const processes = new ProcessFiles(temporaryDirectory(), 'a-node')
  const { launcher, model, cwd } = await openRealLauncher({
    environment: { IS_SANDBOX: '1' },
    mayAct: () => lease.isGood,
    processes,
  })
  const reports: [string, string][] = []
  const messages: string[] = []
  const listener = listenerWith({
    onMessage: ({ content }) => messages.push(JSON.stringify(content)),
    onBeforeTool: async use => {
      reports.push(['before', use.toolName])
      onBeforeTool(use)
    },
    onAfterTool: async ({ toolName }) => void reports.push(['after', toolName]),
    onPermission: async question => {
      reports.push(['asked', question.toolName])
      return { allow: true, input: null, updates: [], message: null }
    },
  })
  const spec = plainSpec(cwd, { settings: { ...plainSpec(cwd).settings, permissionPrompts: 'ask' } })
  const agent = launcher.launch(spec, listener)
  model.script('write', ({ text: prompt, round, toolResults }) => {
    const name = prompt.split(' ')[1] ?? ''
    return round === 0
      ? toolUse('Write', { file_path: join(cwd, name), content: name })
      : text(`then: ${toolResults.at(-1)?.content ?? ''}`)
  })
  const write = async (name: string) => {
    const outcome = await agent.runTurn({ turnId: randomUUID(), prompt: `write ${name}` })
    return { ...outcome, exists: existsSync(join(cwd, name)) }
  }
  return { lease, launcher, listener, cwd, spec, reports, messages, write, processes }
}

const refused = expect.stringContaining('has lost the right to run this session')

test('a tool call runs while the lease is good, and is refused with a reason afterwards', async () => {
  const { lease, reports, write } = await openGuarded()
  expect(await write('one')).toMatchObject({ status: 'completed', exists: true })
  const ran = [...reports]
  expect(ran).toContainEqual(['before', 'Write'])
  expect(ran).toContainEqual(['after', 'Write'])
  lease.isGood = false
  expect(await write('two')).toMatchObject({ status: 'completed', exists: false, response: refused })
  expect(reports).toEqual(ran)
})

test('a lease that is lost while a call is being prepared refuses it', async () => {
  const { lease, reports, write } = await openGuarded(() => {
    lease.isGood = false
  })
  expect(await write('late')).toMatchObject({ exists: false, response: refused })
  expect(reports).toEqual([['before', 'Write']])
})

test('no process starts without the lease, and one that starts is recorded before it does anything', async () => {
  const { lease, launcher, listener, cwd, write, processes } = await openGuarded()
  await write('one')
  const records = processes.listOwn()
  expect(records).toMatchObject([{ pid: expect.any(Number), claudeSessionId: expect.any(String) }])
  expect(records[0]?.pid).toBeGreaterThan(0)
  lease.isGood = false
  const late = launcher.launch(plainSpec(cwd), listener)
  const outcome = await late.runTurn({ turnId: randomUUID(), prompt: 'write two' })
  expect(outcome).toMatchObject({ status: 'failed' })
  expect(processes.listOwn()).toEqual(records)
  await launcher.close()
  await until(() => processes.listOwn().length === 0)
})
