import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

describe('the conversation outlives', () => {
  test("Claude Code's configuration directory", async () => {
    const first = await openServer()
    const id = await first.createSession()
    await first.ask(id, 'Remember that my cat is called Minka')
    await first.close()
    rmSync(`${first.cwd}/.claude`, { recursive: true })
    const second = await openServer({
      dataDir: `${first.cwd}/data`,
      defaultCwd: first.cwd,
      environment: { HOME: first.cwd, CLAUDE_CONFIG_DIR: `${first.cwd}/.claude` },
    })
    expect((await second.ask(id, 'What is my cat called?')).body.response).toContain('Minka')
    expect((await second.call('GET', `/sessions/${id}`)).body).toMatchObject({
      transcript: 'complete',
      claudeSessionId: id,
    })
    // And goes on doing so: what was said after it was taken up is kept as well.
    await second.ask(id, 'Remember that my dog is called Rex')
    await second.close()
    rmSync(`${first.cwd}/.claude`, { recursive: true })
    const third = await openServer({
      dataDir: `${first.cwd}/data`,
      defaultCwd: first.cwd,
      environment: { HOME: first.cwd, CLAUDE_CONFIG_DIR: `${first.cwd}/.claude` },
    })
    expect((await third.ask(id, 'What is my dog called?')).body.response).toContain('Rex')
    expect((await third.ask(id, 'What is my cat called?')).body.response).toContain('Minka')
  })

  test('its machine: the data directory is all that has to be moved', async () => {
    const first = await openServer()
    const id = await first.createSession()
    await first.ask(id, 'Remember that my cat is called Minka')
    await first.close()
    const elsewhere = temporaryDirectory()
    cpSync(`${first.cwd}/data`, `${elsewhere}/data`, { recursive: true })
    rmSync(first.cwd, { recursive: true })
    // The working directory is the session's own and has to be there; Claude Code's home does not.
    mkdirSync(first.cwd)
    const second = await openServer({ dataDir: `${elsewhere}/data`, defaultCwd: first.cwd })
    expect((await second.ask(id, 'What is my cat called?')).body.response).toContain('Minka')
  })
})
