import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { apiError, text, toolUse } from '../../src/demo/answer.ts'
import { openMcpServer } from '../fixtures/mcp-server.ts'
import { openServer, shareServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { sentTo } from '../support/sent-to-model.ts'

const shared = shareServer({ record: true })

type Options = Parameters<typeof openServer>[0]

/** The request that the model got for one prompt in a session of such settings. */
async function sendWith(settings: object, options?: Options, prompt = 'hello') {
  const server = options ? await openServer({ record: true, ...options }) : shared()
  const before = sentTo(server.model).length
  const id = await server.createSession(settings)
  const answer = await server.ask(id, prompt)
  expect(answer.body).toMatchObject({ stopReason: 'end_turn' })
  const sent = sentTo(server.model).slice(before)
  const [first] = sent
  if (!first) throw new Error('nothing was sent')
  return { ...server, id, answer, sent, first }
}

describe('what a session sets reaches the model', () => {
  test('nothing set: the tools, the prompt and the thinking are those of Claude Code', async () => {
    const { first } = await sendWith({})
    expect(first.tools).toEqual(expect.arrayContaining(['Bash', 'Read', 'Write', 'Agent']))
    expect(first.effort).toBe('medium')
    expect(first.system).toContain('You are an agent working with the user')
  })

  test('an own system prompt, with an appendix', async () => {
    const { first } = await sendWith({
      systemPrompt: 'You are a parrot.',
      appendSystemPrompt: 'Say it twice.',
    })
    expect(first.system).toMatch(/You are a parrot\.\s+Say it twice\.$/)
    expect(first.system).not.toContain('You are an agent working with the user')
  })

  test("Claude Code's system prompt with both appendices", async () => {
    const systemPrompt = { type: 'preset', preset: 'claude_code', append: 'APPENDIX-ONE' }
    const { first } = await sendWith({ systemPrompt, appendSystemPrompt: 'APPENDIX-TWO' })
    expect(first.system).toContain('You are an agent working with the user')
    expect(first.system.indexOf('APPENDIX-ONE')).toBeGreaterThan(0)
    expect(first.system.indexOf('APPENDIX-TWO')).toBeGreaterThan(first.system.indexOf('APPENDIX-ONE'))
  })

  test('tools', async () => {
    const { first } = await sendWith({ tools: ['Read', 'Glob'] })
    expect(first.tools.filter(tool => tool !== 'DeferredToolPlaceholder').sort()).toEqual(['Glob', 'Read'])
  })

  test('no tools', async () => {
    expect((await sendWith({ tools: [] })).first.tools).toEqual([])
  })

  test('disallowed tools', async () => {
    const { first } = await sendWith({ disallowedTools: ['Bash', 'Write'] })
    expect(first.tools).toContain('Read')
    for (const tool of ['Bash', 'Write']) expect(first.tools).not.toContain(tool)
  })

  test('allowed tools are used without anybody being asked; what was denied is named', async () => {
    const server = shared()
    server.model.script('touch', [toolUse('Bash', { command: 'touch here' }), text('done')])
    const plain = await server.ask(await server.createSession(), 'touch')
    expect(plain.body.permissionDenials).toEqual([
      { toolName: 'Bash', toolUseId: expect.any(String), input: { command: 'touch here' } },
    ])
    const id = await server.createSession({ allowedTools: ['Bash(touch *)'] })
    const allowed = await server.ask(id, 'touch')
    expect(allowed.status).toBe(200)
    expect(allowed.body).not.toHaveProperty('permissionDenials')
    const events = (await server.call('GET', `/sessions/${id}/turns/${allowed.body.turnId}`)).body
    expect(events).not.toHaveProperty('permissionDenials')
  })

  test('additional directories: real paths inside the allowed roots', async () => {
    const [root, more] = [temporaryDirectory(), temporaryDirectory()]
    const link = `${root}/link`
    symlinkSync(more, link)
    const server = await openServer({ record: true, defaultCwd: root, allowedRoots: [root, more] })
    const id = await server.createSession({ additionalDirectories: [link] })
    await server.ask(id, 'hello')
    expect(sentTo(server.model)[0]?.text).toContain(more)
    expect((await server.call('GET', `/sessions/${id}`)).body.config.additionalDirectories).toEqual([more])
  })

  test('agents, with a model and tools of their own', async () => {
    const server = shared()
    server.model.script('delegate', [
      toolUse('Agent', {
        subagent_type: 'reviewer',
        description: 'x',
        prompt: 'LOOK-AT-IT',
        run_in_background: false,
      }),
      text('done'),
    ])
    const reviewer = {
      description: 'Reviews',
      prompt: 'You review.',
      tools: ['Read'],
      model: 'haiku',
      effort: 'low',
    }
    await server.ask(await server.createSession({ agents: { reviewer } }), 'delegate')
    const asked = sentTo(server.model).findLast(({ agentId }) => agentId !== undefined)
    expect(asked).toMatchObject({ model: expect.stringContaining('haiku'), effort: 'low' })
    expect(asked?.tools).toContain('Read')
    expect(asked?.tools).not.toContain('Bash')
    expect(asked?.system).toContain('You review.')
  })

  test.each(['low', 'xhigh', 'max'])('effort %s', async effort => {
    expect((await sendWith({ effort })).first.effort).toBe(effort)
  })

  test('thinking, for a model that does not decide it by itself', async () => {
    const model = 'claude-sonnet-4-5'
    const { first } = await sendWith({ model, thinking: { type: 'enabled', budgetTokens: 2000 } })
    expect(first.thinking).toMatchObject({ type: 'enabled', budget_tokens: 2000 })
    expect((await sendWith({ model, thinking: { type: 'disabled' } })).first.thinking).toEqual({
      type: 'disabled',
    })
  })

  test('the fallback model takes over when the model is overloaded', async () => {
    const server = await openServer({ record: true, environment: { CLAUDE_CODE_MAX_RETRIES: '3' } })
    server.model.script(prompt => prompt.text === 'fall' && prompt.model.includes('sonnet'), apiError(529))
    server.model.script('fall', text('fallen'))
    const id = await server.createSession({ model: 'sonnet', fallbackModel: 'haiku' })
    expect((await server.ask(id, 'fall')).body.response).toBe('fallen')
    expect(sentTo(server.model).at(-1)?.model).toContain('haiku')
  })

  test('skills: all, some, none', async () => {
    const cwd = temporaryDirectory()
    for (const name of ['swimming', 'juggling']) {
      mkdirSync(`${cwd}/.claude/skills/${name}`, { recursive: true })
      const text = `---\nname: ${name}\ndescription: ABOUT-${name}\n---\nDo it\n`
      writeFileSync(`${cwd}/.claude/skills/${name}/SKILL.md`, text)
    }
    const server = await openServer({ record: true, defaultCwd: cwd })
    const told = async (skills: unknown) => {
      await server.ask(await server.createSession({ skills }), 'hello')
      const sent = sentTo(server.model).at(-1)?.text ?? ''
      return ['swimming', 'juggling'].filter(name => sent.includes(`ABOUT-${name}`))
    }
    expect(await told('all')).toEqual(['swimming', 'juggling'])
    expect(await told(['juggling'])).toEqual(['juggling'])
    expect(await told([])).toEqual([])
  })

  test('setting sources: what is in CLAUDE.md, for those that the server allows', async () => {
    const [cwd, home] = [temporaryDirectory(), temporaryDirectory()]
    writeFileSync(`${cwd}/CLAUDE.md`, 'OF-THE-PROJECT')
    mkdirSync(`${home}/.claude`)
    writeFileSync(`${home}/.claude/CLAUDE.md`, 'OF-THE-USER')
    const server = await openServer({
      record: true,
      allowedSettingSources: ['project', 'user'],
      defaultCwd: cwd,
      environment: { HOME: home, CLAUDE_CONFIG_DIR: `${home}/.claude` },
    })
    const told = async (settings: { settingSources?: string[] }) => {
      await server.ask(await server.createSession(settings), 'hello')
      const sent = sentTo(server.model).at(-1)?.text ?? ''
      return ['OF-THE-PROJECT', 'OF-THE-USER'].filter(mark => sent.includes(mark))
    }
    expect(await told({})).toEqual(['OF-THE-PROJECT'])
    expect(await told({ settingSources: ['user'] })).toEqual(['OF-THE-USER'])
    expect(await told({ settingSources: [] })).toEqual([])
  })

  test('variables of the environment that the server allows', async () => {
    const { answer } = await sendWith(
      { agentEnv: { COLOUR: 'green' }, allowedTools: ['Bash'] },
      { allowedAgentEnv: ['COLOUR'] },
      'Run: echo colour $COLOUR',
    )
    expect(answer.body.response).toContain('colour green')
  })

  test('MCP servers by HTTP, by SSE and as a program', async () => {
    const mcp = await openMcpServer({ requiredHeaders: { 'x-token': 'letmein' } })
    const headers = { 'X-Token': 'letmein' }
    const server = await openServer({
      record: true,
      allowStdioMcpServers: true,
      allowedPrivateHosts: [mcp.host],
    })
    const id = await server.createSession({
      mcpServers: {
        web: { type: 'http', url: mcp.url, headers, alwaysLoad: true },
        old: { type: 'sse', url: mcp.sseUrl, headers, alwaysLoad: true },
        own: {
          type: 'stdio',
          command: process.execPath,
          args: [`${import.meta.dirname}/../fixtures/mcp-stdio.ts`],
          env: { X_TOKEN: 'of the program' },
          alwaysLoad: true,
        },
      },
      allowedTools: ['mcp__web__*', 'mcp__old', 'mcp__own__echo_header'],
    })
    const values = {
      web: ['X-Token', 'letmein'],
      old: ['X-Token', 'letmein'],
      own: ['X_TOKEN', 'of the program'],
    }
    for (const [name, [header, value]] of Object.entries(values)) {
      server.model.script(`use ${name}`, prompt =>
        prompt.round === 0
          ? toolUse(`mcp__${name}__echo_header`, { name: header })
          : text(prompt.toolResults[0]?.content ?? ''),
      )
      expect((await server.ask(id, `use ${name}`)).body.response).toBe(`value: ${value}`)
    }
  })
})
