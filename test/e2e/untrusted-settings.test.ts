import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { makeRepository } from '../support/git.ts'
import { makeHostile, put } from '../support/hostile-project.ts'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { claudesOf } from '../support/processes.ts'
import { sentTo } from '../support/sent-to-model.ts'

/** Notes who is sent what belongs to the model. */
async function openThief() {
  const requests: string[] = []
  const thief = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    response.writeHead(500).end()
  }).listen(0, '127.0.0.1')
  await once(thief, 'listening')
  onTestFinished(() => void thief.close())
  return { requests, baseUrl: `http://127.0.0.1:${(thief.address() as AddressInfo).port}` }
}

/** What must not reach the model: of other directories and other kinds of files. */
function findForeign(sent: string) {
  return /(MEMORY|INCLUDED|RULE|ABOUT|TEXT)-(above|sub)|(LOCAL|STYLE)-(repo|later|above|sub)|root:x:/.exec(
    sent,
  )
}

async function openHostile(more: Parameters<typeof openServer>[0] = {}) {
  const base = temporaryDirectory()
  const [above, project, added] = [join(base, 'above'), join(base, 'above/project'), join(base, 'added')]
  const ran = join(base, 'ran')
  const thief = await openThief()
  const directories = { above, repo: project, sub: join(project, 'sub'), added }
  for (const [tag, directory] of Object.entries(directories)) {
    makeHostile(directory, { ran, tag, baseUrl: thief.baseUrl })
  }
  const server = await openServer({
    record: true,
    defaultCwd: project,
    allowedRoots: [project, added],
    ...more,
  })
  return { ...server, base, project, added, ran: () => readdirSync(ran), ranDirectory: ran, thief }
}

test('nothing in a directory runs or counts but its instructions, wherever they are used', async () => {
  const server = await openHostile()
  const { model, ask, call, project, added } = server
  model.script('read below', [toolUse('Read', { file_path: join(project, 'sub/plain.txt') }), text('read')])
  model.script('use the skill', [toolUse('Skill', { skill: 'skill-repo' }), text('used')])
  model.script('try bash', [
    toolUse('Bash', { command: `touch ${join(server.ranDirectory, 'bash')}` }),
    text('tried'),
  ])
  model.script('delegate', [
    toolUse('Agent', {
      subagent_type: 'agent-repo',
      description: 'x',
      prompt: 'THE-ERRAND',
      run_in_background: false,
    }),
    text('sent'),
  ])
  model.script('THE-ERRAND', [
    toolUse('Bash', { command: `touch ${join(server.ranDirectory, 'agent-bash')}` }),
    text('tried'),
  ])
  put(join(project, 'sub/plain.txt'), 'nothing to see')
  const id = await server.createSession({ additionalDirectories: [added] })
  expect((await call('GET', `/sessions/${id}`)).body).toMatchObject({
    config: { permissionMode: 'default' },
    settingsInForce: { settingSources: [], instructions: true, trusted: false },
  })
  await ask(id, 'hello')
  const first = sentTo(model).at(-1)?.text ?? ''
  for (const found of ['MEMORY-repo', 'INCLUDED-repo', 'RULE-repo', 'AGENT-ABOUT-repo', 'SKILL-ABOUT-repo']) {
    expect(first).toContain(found)
  }
  expect(first).toContain('SKILL-ABOUT-added')
  expect(findForeign(first)).toBeNull()
  await ask(id, 'read below')
  await ask(id, '/command-repo `touch x`', { commands: true })
  expect(sentTo(model).at(-1)?.text).toContain('COMMAND-TEXT-repo')
  await ask(id, '/skill-repo', { commands: true })
  await ask(id, 'use the skill')
  expect(sentTo(model).at(-1)?.text).toContain('SKILL-TEXT-repo')
  expect((await ask(id, 'try bash')).body.permissionDenials).toHaveLength(1)
  await ask(id, 'delegate')
  const subagent = sentTo(model).find(({ agentId }) => agentId !== undefined)
  expect(subagent?.system).toContain('AGENT-TEXT-repo')
  expect(subagent?.text).toContain('MEMORY-repo')
  const mcp = (await call('GET', `/sessions/${id}/mcp`)).body
  expect(mcp.servers).toEqual([])
  // What is written later meets neither the process that lives nor the next one.
  makeHostile(project, { ran: server.ranDirectory, tag: 'later', baseUrl: server.thief.baseUrl })
  await ask(id, 'hello again')
  const [before] = claudesOf(process.pid, id)
  await call('PATCH', `/sessions/${id}`, { maxTurns: 90 })
  await ask(id, 'hello once more')
  expect(claudesOf(process.pid, id)).not.toEqual([before])
  const last = sentTo(model).at(-1)?.text ?? ''
  expect(last).toContain('MEMORY-later')
  for (const { text: sent } of sentTo(model)) expect(findForeign(sent)).toBeNull()
  await server.close()
  expect(server.ran()).toEqual([])
  expect(server.thief.requests).toEqual([])
})

test('project and local settings need trust: 403 elsewhere, full effect in a trusted root', async () => {
  const base = temporaryDirectory()
  const [trusted, other, ran] = [join(base, 'trusted'), join(base, 'other'), join(base, 'ran')]
  for (const directory of [trusted, other]) {
    mkdirSync(directory)
    const hook = { type: 'command', command: `touch ${ran}-$(basename ${directory})` }
    const hooks = { UserPromptSubmit: [{ matcher: '', hooks: [hook] }] }
    put(join(directory, '.claude/settings.json'), JSON.stringify({ hooks }))
    put(join(directory, 'CLAUDE.md'), 'THE-MEMORY')
  }
  symlinkSync(other, join(trusted, 'way-out'))
  const dataDir = join(temporaryDirectory(), 'data')
  const server = await openServer({
    record: true,
    defaultCwd: base,
    allowedRoots: [base],
    dataDir,
    trustedRoots: [trusted],
    allowedSettingSources: ['project', 'local'],
  })
  const { call, ask, model } = server
  const refused = [
    { cwd: other, settingSources: ['project'] },
    { cwd: other, settingSources: ['local'] },
    { cwd: base, settingSources: ['project'] },
    { cwd: join(trusted, 'way-out'), settingSources: ['project'] },
    { cwd: trusted, additionalDirectories: [other], settingSources: ['project'] },
    { workspace: { type: 'empty' }, settingSources: ['project'] },
  ]
  for (const request of refused) {
    expect(await call('POST', '/sessions', request)).toMatchObject({
      status: 403,
      body: { error: { code: 'SETTING_NOT_ALLOWED', details: { option: 'trustedRoots' } } },
    })
  }
  expect(readdirSync(join(dataDir, 'workspaces'))).toEqual([])
  const inForce = async (id: string) => (await call('GET', `/sessions/${id}`)).body.settingsInForce
  const plain = await server.createSession({ cwd: trusted })
  expect(await inForce(plain)).toEqual({ settingSources: [], instructions: true, trusted: true })
  await ask(plain, 'hello')
  expect(existsSync(`${ran}-trusted`)).toBe(false)
  const id = await server.createSession({ cwd: trusted, settingSources: ['project'] })
  expect(await inForce(id)).toEqual({ settingSources: ['project'], instructions: false, trusted: true })
  await ask(id, 'hello')
  expect(sentTo(model).at(-1)?.text).toContain('THE-MEMORY')
  expect(existsSync(`${ran}-trusted`)).toBe(true)
  const nothing = await server.createSession({ cwd: other, settingSources: [] })
  await ask(nothing, 'hello')
  expect(sentTo(model).at(-1)?.text).not.toContain('THE-MEMORY')
  expect(existsSync(`${ran}-other`)).toBe(false)
})

test('a clone of a trusted URL has its settings in force, a clone of another one has not', async () => {
  const base = temporaryDirectory()
  const ran = join(base, 'ran')
  mkdirSync(ran)
  for (const name of ['own', 'foreign']) {
    const hook = { type: 'command', command: `touch ${join(ran, name)}` }
    const settings = { hooks: { UserPromptSubmit: [{ matcher: '', hooks: [hook] }] } }
    makeRepository(join(base, name), { '.claude/settings.json': JSON.stringify(settings) })
  }
  const server = await openServer({
    defaultCwd: base,
    allowedRoots: [base],
    dataDir: join(temporaryDirectory(), 'data'),
    trustedCloneUrls: [join(base, 'own')],
    allowedSettingSources: ['project'],
  })
  const clone = (name: string, settingSources?: string[]) =>
    server.call('POST', '/sessions', { workspace: { type: 'git', url: join(base, name) }, settingSources })
  expect(await clone('foreign', ['project'])).toMatchObject({
    status: 403,
    body: { error: { code: 'SETTING_NOT_ALLOWED' } },
  })
  const untrusted = (await clone('foreign')).body.sessionId
  await server.ask(untrusted, 'hello')
  expect(readdirSync(ran)).toEqual([])
  const trusted = (await clone('own', ['project'])).body.sessionId
  expect((await server.call('GET', `/sessions/${trusted}`)).body.settingsInForce).toMatchObject({
    trusted: true,
  })
  await server.ask(trusted, 'hello')
  expect(readdirSync(ran)).toEqual(['own'])
})

test('a spare process has read the instructions of today, and runs nothing', async () => {
  const server = await openHostile({ keepSpareProcess: true })
  const { call, ask, model, project } = server
  await expect.poll(async () => claudesOf(process.pid).length, { timeout: 60_000 }).toBeGreaterThan(0)
  put(join(project, 'CLAUDE.md'), 'CHANGED-MEMORY')
  rmSync(join(project, '.claude/rules'), { recursive: true })
  const id = await server.createSession()
  await ask(id, 'hello')
  const sent = sentTo(model).at(-1)?.text ?? ''
  expect(sent).toContain('CHANGED-MEMORY')
  expect(sent).not.toMatch(/MEMORY-repo|RULE-repo/)
  expect((await call('GET', `/sessions/${id}`)).body.settingsInForce.settingSources).toEqual([])
  await server.close()
  expect(server.ran()).toEqual([])
})

test('mentions reach nothing outside, in no form and by no command', async () => {
  const server = await openHostile()
  const { model, ask, call, project, base } = server
  put(join(base, 'secret.txt'), 'THE-SECRET')
  put(join(project, 'inside.txt'), 'THE-INSIDE')
  put(join(project, '.claude/commands/review.md'), 'Review @$ARGUMENTS and @$0')
  put(join(project, '.claude/commands/deep/look.md'), 'LOOK-AT $ARGUMENTS')
  symlinkSync(join(base, 'secret.txt'), join(project, 'link.txt'))
  const secret = join(base, 'secret.txt')
  const id = await server.createSession({ tools: [] })
  const prompts = [
    `look @${secret}`,
    `look @"${secret}"`,
    '@link.txt',
    `看。@${secret}`,
    `/review ${secret}`,
    `x @${secret}#L1`,
  ]
  for (const prompt of prompts) {
    await ask(id, prompt, { commands: true })
    await ask(id, prompt)
    await ask(
      id,
      [
        { type: 'text', text: 'see' },
        { type: 'text', text: prompt },
      ] as never,
      { commands: true },
    )
  }
  for (const { text: sent } of sentTo(model)) expect(sent).not.toContain('THE-SECRET')
  await ask(id, '/deep:look @inside.txt', { commands: true })
  expect(sentTo(model).at(-1)?.text).toContain('LOOK-AT @inside.txt')
  expect(sentTo(model).at(-1)?.text).toContain('THE-INSIDE')
  const { body } = await call('GET', `/sessions/${id}/messages?limit=200`)
  expect(JSON.stringify(body)).not.toContain('THE-SECRET')
})
