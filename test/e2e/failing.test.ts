import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { claudesOf, kill } from '../support/processes.ts'

describe('Claude Code killed in the middle of a turn', () => {
  test('is a typed error for a send; the next message resumes the conversation', async () => {
    const { call, createSession, ask } = await openServer()
    const id = await createSession()
    await ask(id, 'Remember that my cat is called Minka')
    const running = ask(id, 'Count slowly to 1000')
    await until(async () => (await call('GET', `/sessions/${id}`)).body.state === 'running')
    for (const pid of claudesOf(process.pid, id)) kill(pid)
    expect(await running).toMatchObject({
      status: 500,
      body: { error: { code: 'MESSAGE_SEND_FAILED', details: { reason: 'process_died' } } },
    })
    expect((await ask(id, 'What is my cat called?')).body.response).toContain('Minka')
  })

  test('is the one error event of a stream', async () => {
    const { createSession, stream } = await openServer()
    const id = await createSession()
    const frames = []
    for await (const frame of stream(id, { prompt: 'Count slowly to 1000', includeDeltas: true })) {
      frames.push(frame)
      if (frame.event === 'delta') for (const pid of claudesOf(process.pid, id)) kill(pid)
    }
    expect(frames.at(-1)).toMatchObject({
      event: 'error',
      data: { code: 'MESSAGE_SEND_FAILED', details: { reason: 'process_died' } },
    })
  })
})

describe("the model's API", () => {
  test.each([
    ['Fail with 401', 500, 'MESSAGE_SEND_FAILED', 'authentication_failed', 'never'],
    ['Fail with 429', 429, 'MODEL_RATE_LIMITED', 'rate_limited', 'new_key'],
    ['Fail with 529', 503, 'MODEL_OVERLOADED', 'overloaded', 'new_key'],
    ['Break off', 500, 'MESSAGE_SEND_FAILED', 'model_error', 'new_key'],
  ])('"%s": a typed error for send and stream, never a 200 with an error inside', async (...given) => {
    const [prompt, status, code, reason, retry] = given
    const { call, createSession, ask, stream } = await openServer()
    const id = await createSession()
    const advice = { retryable: retry !== 'never', retry }
    expect(await ask(id, prompt)).toMatchObject({
      status,
      body: { error: { code, details: { reason, turnId: expect.any(String) }, ...advice } },
    })
    const frames = await Array.fromAsync(stream(id, { prompt }))
    expect(frames.at(-1)).toMatchObject({
      event: 'error',
      data: { code, details: { reason }, ...advice },
    })
    expect((await call('GET', `/sessions/${id}/turns`)).body.turns[0].error).toMatchObject({
      code,
      reason,
      ...advice,
    })
    expect((await ask(id, 'What is 6 times 7?')).body.response).toContain('42')
  })
})

describe('Claude Code that is not available', () => {
  test('without a login: health is degraded, a message is 503 and says what to do', async () => {
    const { call, createSession, ask } = await openServer({ environment: { ANTHROPIC_API_KEY: '' } })
    const id = await createSession()
    expect(await ask(id, 'hello')).toMatchObject({
      status: 503,
      body: {
        error: {
          code: 'AGENT_UNAVAILABLE',
          details: { reason: 'not_logged_in' },
          message: expect.stringMatching(/login/),
        },
      },
    })
    expect(await call('GET', '/health')).toMatchObject({
      status: 200,
      body: { status: 'degraded', checks: { claude: { status: 'unavailable', reason: 'not_logged_in' } } },
    })
  })

  test('without a program: 503 with its reason, and again', async () => {
    const { createSession, ask } = await openServer({ claudeExecutable: '/nonexistent/claude' })
    const id = await createSession()
    for (const prompt of ['one', 'two']) {
      expect(await ask(id, prompt)).toMatchObject({
        status: 503,
        body: { error: { code: 'AGENT_UNAVAILABLE', details: { reason: 'not_installed' } } },
      })
    }
  })
})

describe("the child's environment", () => {
  test('has nothing of the server but the allow-list and agentEnv', async () => {
    const secrets = {
      CLAUDE_API_KEY: 'secret-1',
      CLAUDE_API_KEYS: 'secret-2',
      CLAUDE_API_KEY_1: 'secret-3',
      CLAUDE_CODE_API_DATA_DIR: '/secret-4',
      DATABASE_URL: 'secret-5',
      NPM_TOKEN: 'secret-6',
      AWS_REGION: 'eu-central-1',
      LC_ALL: 'C.UTF-8',
    }
    const probe = await openServer()
    const printed = `${probe.cwd}/environment.txt`
    const program = `${probe.cwd}/print-environment`
    writeFileSync(program, `#!/bin/sh\n/usr/bin/env >> ${printed}\nexit 1\n`)
    chmodSync(program, 0o755)
    const { createSession, ask } = await openServer({
      claudeExecutable: program,
      environment: secrets,
      agentEnv: { ADDED: 'by configuration' },
    })
    expect((await ask(await createSession(), 'hello')).status).toBe(503)
    const text = readFileSync(printed, 'utf8')
    expect(text).not.toContain('secret')
    for (const line of ['AWS_REGION=eu-central-1', 'LC_ALL=C.UTF-8', 'ADDED=by configuration']) {
      expect(text).toContain(line)
    }
  })
})
