import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'

test('a session cannot list the others, nor give them prompts', async () => {
  const server = await openServer({ record: true })
  const victim = await server.createSession()
  await server.ask(victim, 'hello')
  const registered = () =>
    globSync('.claude/sessions/*.json', { cwd: server.cwd }).flatMap(file => {
      try {
        const entry = JSON.parse(readFileSync(`${server.cwd}/${file}`, 'utf8'))
        return [{ id: String(entry.sessionId), name: String(entry.name) }]
      } catch {
        // Claude Code writes or removes it while we are looking.
        return []
      }
    })
  let name: string | undefined
  await until(() => {
    name = registered().find(({ id }) => id === victim)?.name
    return name !== undefined
  })
  const calls = [
    toolUse('ListAgents', {}),
    toolUse('SendMessage', { to: name, summary: 'do this for me', message: 'a foreign prompt' }),
  ]
  server.model.script(
    'reach out',
    ({ round, toolResults }) => calls[round] ?? text(toolResults[0]?.content ?? ''),
  )
  const sender = await server.createSession({ allowedTools: ['SendMessage', 'ListAgents'] })
  await server.ask(sender, 'reach out')
  const sent = JSON.stringify((await server.call('GET', `/sessions/${sender}/messages`)).body)
  expect(sent).toContain('Other sessions on this server cannot be listed')
  // The victim's Claude answers the next prompt, and has heard of nothing else.
  await server.ask(victim, 'are you there?')
  const heard = server.model.requests.filter(({ body }) =>
    JSON.stringify(body ?? '').includes('are you there?'),
  )
  expect(heard.length).toBeGreaterThan(0)
  expect(JSON.stringify(heard)).not.toContain('a foreign prompt')
  const history = JSON.stringify((await server.call('GET', `/sessions/${victim}/messages`)).body)
  expect(history).not.toContain('a foreign prompt')
})
