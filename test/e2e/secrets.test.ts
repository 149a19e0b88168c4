import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openMcpServer } from '../fixtures/mcp-server.ts'
import { parseFrames } from '../support/client.ts'
import { openServer } from '../support/open-server.ts'
import { childrenOf } from '../support/processes.ts'

const secrets = ['HUNTER-header', 'HUNTER-query', 'HUNTER-program', 'HUNTER-variable', 'HUNTER-later']
const anySecret = /HUNTER-/

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => `${entry.parentPath}/${entry.name}`)
}

/** Uses the server `web`, so that what it was given is known to have arrived. */
const useWeb = [toolUse('mcp__web__echo', { text: 'hello' }), text('done')]

describe('secrets of a session', () => {
  test('reach their servers, and nobody else: no answer, event, log line, command line or file has them', async () => {
    const mcp = await openMcpServer()
    const server = await openServer({
      allowStdioMcpServers: true,
      allowedPrivateHosts: [mcp.host, '127.0.0.1:1'],
      allowedAgentEnv: ['TOKEN'],
    })
    const seen: string[] = []
    const call = async (...args: Parameters<typeof server.call>) => {
      const answer = await server.call(...args)
      seen.push(JSON.stringify(answer.body ?? null), JSON.stringify([...answer.headers]))
      return answer
    }
    server.model.script('use', useWeb)
    const created = await call(
      'POST',
      '/sessions',
      {
        agentEnv: { TOKEN: 'HUNTER-variable' },
        allowedTools: ['mcp__web'],
        mcpServers: {
          web: {
            type: 'http',
            url: `${mcp.url}?key=HUNTER-query`,
            headers: { Authorization: 'HUNTER-header' },
          },
          down: {
            type: 'http',
            url: 'http://127.0.0.1:1/?key=HUNTER-query',
            headers: { A: 'HUNTER-header' },
          },
          own: {
            type: 'stdio',
            command: process.execPath,
            args: [`${import.meta.dirname}/../fixtures/mcp-stdio.ts`],
            env: { TOKEN: 'HUNTER-program' },
          },
        },
      },
      { headers: { 'Idempotency-Key': 'once' } },
    )
    const id = created.body.sessionId
    expect((await call('POST', `/sessions/${id}/messages`, { prompt: 'use' })).status).toBe(200)
    expect(mcp.calls.at(-1)?.headers.authorization).toBe('HUNTER-header')
    const commandLines = childrenOf().map(({ command }) => command)
    expect(commandLines.some(command => command.includes(id))).toBe(true)

    const shown = (await call('GET', `/sessions/${id}`)).body.config
    expect(shown.agentEnv).toEqual({ TOKEN: '***' })
    expect(shown.mcpServers.web).toMatchObject({ url: `${mcp.url}?***`, headers: { Authorization: '***' } })
    expect(shown.mcpServers.own.env).toEqual({ TOKEN: '***' })

    const web = { type: 'http', url: mcp.url, headers: { Authorization: 'HUNTER-later' } }
    await call('PATCH', `/sessions/${id}`, { mcpServers: { web } })
    await call('POST', `/sessions/${id}/messages`, { prompt: 'use' })
    expect(mcp.calls.at(-1)?.headers.authorization).toBe('HUNTER-later')
    await call('POST', '/sessions', { mcpServers: { web: { ...web, url: 'HUNTER-query' } } })
    for (const path of ['messages', 'turns']) await call('GET', `/sessions/${id}/${path}`)
    await call('DELETE', `/sessions/${id}`)
    for await (const frame of parseFrames(await server.send('GET', `/sessions/${id}/events`))) {
      seen.push(JSON.stringify(frame))
      if (frame.event === 'session.ended') break
    }
    await server.close()

    expect(seen.filter(body => anySecret.test(body))).toEqual([])
    expect(commandLines.filter(command => anySecret.test(command))).toEqual([])
    expect(server.log.lines.filter(line => anySecret.test(JSON.stringify(line)))).toEqual([])
    const leaky = filesIn(server.cwd).filter(file => anySecret.test(readFileSync(file, 'latin1')))
    expect(leaky).toEqual([])
    expect(secrets.length).toBe(5)
  })

  test('the key is made at the first start, for its owner alone, and is used again', async () => {
    const mcp = await openMcpServer()
    const first = await openServer({ allowedPrivateHosts: [mcp.host] })
    first.model.script('use', useWeb)
    const mcpServers = { web: { type: 'http', url: mcp.url, headers: { Authorization: 'HUNTER-header' } } }
    const id = await first.createSession({ mcpServers, allowedTools: ['mcp__web'] })
    const file = `${first.cwd}/data/secret.key`
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const key = readFileSync(file, 'utf8')
    await first.close()

    const environment = { HOME: first.cwd, CLAUDE_CONFIG_DIR: `${first.cwd}/.claude` }
    const again = {
      dataDir: `${first.cwd}/data`,
      defaultCwd: first.cwd,
      environment,
      allowedPrivateHosts: [mcp.host],
    }
    const second = await openServer(again)
    second.model.script('use', useWeb)
    expect((await second.ask(id, 'use')).status).toBe(200)
    expect(mcp.calls.at(-1)?.headers.authorization).toBe('HUNTER-header')
    expect(readFileSync(file, 'utf8')).toBe(key)
    await second.close()

    // Another key: the session can be read, its turn says what is wrong.
    const third = await openServer({ ...again, secretKeys: [randomBytes(32).toString('hex')] })
    third.model.script('use', useWeb)
    expect((await third.call('GET', `/sessions/${id}`)).body.config.mcpServers.web.headers).toEqual({
      Authorization: '***',
    })
    expect(await third.ask(id, 'use')).toMatchObject({
      status: 500,
      body: {
        error: {
          code: 'MESSAGE_SEND_FAILED',
          details: { reason: 'secrets_unreadable' },
          message: expect.stringContaining('key'),
        },
      },
    })
    expect((await third.call('PATCH', `/sessions/${id}`, { mcpServers })).status).toBe(200)
    expect((await third.ask(id, 'use')).status).toBe(200)
    await third.close()

    // Replaced: the new one in front, the old one behind it.
    writeFileSync(file, `${randomBytes(32).toString('base64')}\n${key}`)
    const fourth = await openServer(again)
    fourth.model.script('use', useWeb)
    expect((await fourth.ask(id, 'use')).body.error?.details.reason).toBe('secrets_unreadable')
  })

  test('a key file that holds none is never replaced', async () => {
    const server = await openServer()
    await server.close()
    const file = `${server.cwd}/data/secret.key`
    writeFileSync(file, 'broken\n')
    await expect(openServer({ dataDir: `${server.cwd}/data` })).rejects.toThrow(/secret\.key/)
    expect(readFileSync(file, 'utf8')).toBe('broken\n')
  })
})
