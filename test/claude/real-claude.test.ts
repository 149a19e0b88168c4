import { randomUUID } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { apiError, text, thinking, together, toolUse } from '../../src/demo/answer.ts'
import type { AgentSpec } from '../../src/sessions/ports/index.ts'
import { listenerWith, plainSpec } from '../support/agent-parts.ts'
import { openOnce } from '../support/lifetime.ts'
import { cheapStart, openRealLauncher } from '../support/real-claude.ts'

async function launch(
  spec: Partial<AgentSpec> = {},
  given: { environment?: Record<string, string>; executable?: string } = {},
) {
  const real = await openRealLauncher(given)
  const messages: Record<string, unknown>[] = []
  const listener = listenerWith({ onMessage: ({ content }) => messages.push(content) })
  const full = plainSpec(real.cwd, spec)
  const start = (more: Partial<AgentSpec> = {}) => {
    const agent = real.launcher.launch({ ...full, ...more }, listener)
    return { agent, run: (prompt: string) => agent.runTurn({ turnId: randomUUID(), prompt }) }
  }
  return { ...real, ...start(), start, messages, spec: full }
}

describe('what the model API does', () => {
  // One process for all: the next turn of a failed one is that of the next test.
  const plain = openOnce(() => launch())
  const writing = openOnce(() => launch({ permissionMode: 'acceptEdits', maxTurns: 2 }))

  test.each([
    [401, 'authentication_failed'],
    [429, 'rate_limited'],
    [529, 'overloaded'],
    [500, 'model_error'],
    [404, 'model_not_found'],
  ])('%i is a failure with reason %s, and the next turn is answered', async (status, reason) => {
    const { run, model } = plain()
    model.script('fail please', apiError(status))
    expect(await run('fail please')).toMatchObject({
      status: 'failed',
      unavailable: false,
      failure: { reason },
    })
    expect((await run('What is 6 times 7?')).status).toBe('completed')
  })

  test('a stream that breaks off is a failure, and the next turn is answered', async () => {
    const { run, model } = plain()
    model.script('break off', text('this will never be whole', { fragmentSize: 4, breakAfterFragments: 2 }))
    expect(await run('break off')).toMatchObject({ status: 'failed', failure: { reason: 'model_error' } })
    expect((await run('What is 6 times 7?')).status).toBe('completed')
  })

  test('a refusal is an answer with its own stop reason', async () => {
    const { run, model } = await launch({}, { environment: { CLAUDE_CODE_DISABLE_REFUSAL_RETRY: '1' } })
    model.script('something bad', text('No.', { stopReason: 'refusal' }))
    expect(await run('something bad')).toMatchObject({ status: 'completed', stopReason: 'refusal' })
  })

  test('thinking, several tools in one message and their results', async () => {
    const { run, model, cwd, messages } = writing()
    model.script('two files', [
      together(
        thinking('two at once'),
        toolUse('Write', { file_path: join(cwd, 'a.txt'), content: 'A' }),
        toolUse('Write', { file_path: join(cwd, 'b.txt'), content: 'B' }),
      ),
      text('both written'),
    ])
    expect(await run('two files')).toMatchObject({ status: 'completed', response: 'both written' })
    expect(readFileSync(join(cwd, 'a.txt'), 'utf8') + readFileSync(join(cwd, 'b.txt'), 'utf8')).toBe('AB')
    expect(messages.filter(({ type }) => type === 'user')).toHaveLength(2)
  })

  test('what needs a permission is denied at once, and the turn goes on', async () => {
    const { run, model, cwd, messages } = plain()
    model.script('write it', [
      toolUse('Write', { file_path: join(cwd, 'denied.txt'), content: 'x' }),
      text('I was not allowed to'),
    ])
    expect(await run('write it')).toMatchObject({ status: 'completed', response: 'I was not allowed to' })
    expect(existsSync(join(cwd, 'denied.txt'))).toBe(false)
    expect(messages.findLast(({ type }) => type === 'result')).toMatchObject({
      permission_denials: [{ tool_name: 'Write' }],
    })
  })

  test('maxTurns counts for each prompt', async () => {
    const { run, model, cwd } = writing()
    const write = toolUse('Write', { file_path: join(cwd, 'again.txt'), content: 'x' })
    model.script('go on for ever', [write])
    expect(await run('What is 6 times 7?')).toMatchObject({ status: 'completed', stopReason: 'end_turn' })
    expect(await run('go on for ever')).toMatchObject({ status: 'completed', stopReason: 'max_turns' })
    expect(await run('What is 6 times 7?')).toMatchObject({ status: 'completed', stopReason: 'end_turn' })
  })

  test('a prompt that looks like a command is text', async () => {
    const { run, model } = plain()
    model.script('/compact', text('just text'))
    expect(await run('/compact')).toMatchObject({ status: 'completed', response: 'just text' })
  })
})

describe('a conversation', () => {
  test('is resumed by a new process, with or without our knowing that it exists', async () => {
    const { agent, run, start, warnings } = await launch()
    await run('Remember that my cat is called Minka')
    await agent.close()
    const resumed = start({ resume: true })
    expect((await resumed.run('What is my cat called?')).response).toContain('Minka')
    await resumed.agent.close()
    expect(warnings).toEqual([])
    const unaware = start({ resume: false })
    expect((await unaware.run('What is my cat called?')).response).toContain('Minka')
    expect(warnings).toMatchObject([{ mismatch: 'exists' }])
  })

  test('that Claude Code has no transcript of begins anew, and it is said', async () => {
    const { start, warnings } = await launch()
    const lost = start({ resume: true, claudeSessionId: randomUUID() })
    expect((await lost.run('What is 6 times 7?')).status).toBe('completed')
    expect(warnings).toMatchObject([{ mismatch: 'missing' }])
  })
})

describe('a process that does not start', () => {
  test('because it is not installed', async () => {
    const { run, agent } = await launch({}, { executable: '/nonexistent/claude' })
    expect(await run('x')).toMatchObject({
      status: 'failed',
      unavailable: true,
      failure: { reason: 'not_installed' },
    })
    expect(agent.startFailure?.reason).toBe('not_installed')
  })

  test('because nobody is logged in', async () => {
    const { run } = await launch({}, { environment: { ANTHROPIC_API_KEY: '' } })
    expect(await run('x')).toMatchObject({
      status: 'failed',
      unavailable: true,
      failure: { reason: 'not_logged_in', message: expect.stringContaining('--demo') },
    })
  })

  test('because its working directory is gone', async () => {
    const { start, cwd } = await launch()
    rmSync(join(cwd, 'gone'), { recursive: true, force: true })
    const { run } = start({ cwd: join(cwd, 'gone') })
    expect(await run('x')).toMatchObject({
      status: 'failed',
      unavailable: true,
      failure: { reason: 'cwd_missing' },
    })
  })

  test('because it exits at once', async () => {
    const { run } = await launch({}, { executable: '/bin/false' })
    expect(await run('x')).toMatchObject({
      status: 'failed',
      unavailable: true,
      failure: { reason: 'start_failed' },
    })
  })
})

describe('the environment', () => {
  test('that the child gets is the one that was configured, and nothing else', async () => {
    const { cwd, launcher } = await openRealLauncher()
    const program = join(cwd, 'print-environment')
    const printed = join(cwd, 'environment.txt')
    writeFileSync(program, `#!/bin/sh\n/usr/bin/env > ${printed}\nexit 1\n`)
    chmodSync(program, 0o755)
    const second = await openRealLauncher({ executable: program, environment: { MARKER: 'yes' } })
    await second.launcher.inspect()
    const names = readFileSync(printed, 'utf8')
      .split('\n')
      .map(line => line.split('=')[0] ?? '')
      .filter(name => name !== '' && !['PWD', '_', 'SHLVL', 'OLDPWD'].includes(name))
    expect(new Set(names)).toEqual(
      new Set([
        'ANTHROPIC_API_KEY',
        'ANTHROPIC_BASE_URL',
        ...Object.keys(cheapStart),
        'CLAUDE_CODE_API_PROCESS',
        'CLAUDE_CODE_DISABLE_CRON',
        'CLAUDE_CODE_DISABLE_FILE_MENTIONS',
        'CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC',
        'CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK',
        'CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS',
        'CLAUDE_CODE_ENTRYPOINT',
        'CLAUDE_CODE_MAX_RETRIES',
        'CLAUDE_CODE_SDK_READS_SESSION_STATE',
        'CLAUDE_CONFIG_DIR',
        'DISABLE_AUTOUPDATER',
        'GIT_CONFIG_COUNT',
        'GIT_CONFIG_KEY_0',
        'GIT_CONFIG_VALUE_0',
        'HOME',
        'MARKER',
        'PATH',
        ...names.filter(name => name.startsWith('CLAUDE_AGENT_SDK')),
      ]),
    )
    expect((await launcher.inspect()).status).toBe('ok')
  })
})
