import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { AgentLauncher, AgentSpec } from '../../src/sessions/ports/index.ts'
import { listenerWith, plainSpec } from '../support/agent-parts.ts'

export interface AgentBody {
  launcher: AgentLauncher
  cwd: string
  /** A prompt that is answered at once with a text that contains its second field. */
  answered: { prompt: string; contains: string }
  /** A prompt whose answer takes longer than any test waits, and that says something first. */
  endless: string
}

/** What every engine promises: see the port `Agent`. */
export function describeAgent(name: string, open: () => Promise<AgentBody>): void {
  describe(`the port Agent: ${name}`, () => {
    async function launch(more: Partial<AgentSpec> = {}) {
      const body = await open()
      const messages: Record<string, unknown>[] = []
      const deltas: unknown[] = []
      const identities: { claudeSessionId: string; model: string }[] = []
      const spoke = Promise.withResolvers<void>()
      const listener = listenerWith({
        onMessage: message => {
          messages.push(message.content)
          if (message.kind === 'assistant') spoke.resolve()
        },
        onDelta: delta => {
          deltas.push(delta)
          spoke.resolve()
        },
        onIdentity: identity => identities.push(identity),
      })
      const spec = plainSpec(body.cwd, more)
      const agent = body.launcher.launch(spec, listener)
      const run = (prompt: string) => agent.runTurn({ turnId: randomUUID(), prompt })
      return { ...body, agent, run, messages, deltas, identities, spec, spoke: spoke.promise }
    }

    test('answers turns one after the other in one life', async () => {
      const { agent, run, answered, messages, deltas, identities, spec } = await launch()
      for (let index = 0; index < 3; index++) {
        const outcome = await run(answered.prompt)
        expect(outcome).toMatchObject({ status: 'completed', stopReason: 'end_turn' })
        expect(outcome.response).toContain(answered.contains)
        expect(outcome.usage?.outputTokens).toBeGreaterThan(0)
        expect(outcome.costUsd).toBeGreaterThan(0)
      }
      expect(messages.filter(({ type }) => type === 'assistant')).toHaveLength(3)
      expect(deltas.length).toBeGreaterThan(0)
      expect(identities[0]?.claudeSessionId).toBe(spec.claudeSessionId)
      expect(agent.alive).toBe(true)
    })

    test('an interrupted turn ends, and the next one is answered by the same process', async () => {
      const { agent, run, answered, endless, spoke } = await launch()
      const running = run(endless)
      await spoke
      agent.interrupt()
      agent.interrupt()
      expect((await running).status).toBe('interrupted')
      expect((await run(answered.prompt)).status).toBe('completed')
      expect(agent.alive).toBe(true)
    })

    test('an interrupt that comes at once is not lost', async () => {
      const { agent, run, answered, endless } = await launch()
      const running = run(endless)
      agent.interrupt()
      expect((await running).status).toBe('interrupted')
      expect((await run(answered.prompt)).status).toBe('completed')
    })

    test('an interrupt without a turn does nothing', async () => {
      const { agent, run, answered } = await launch()
      agent.interrupt()
      expect((await run(answered.prompt)).status).toBe('completed')
    })

    test('close ends it, also in the middle of a turn, and twice', async () => {
      const { agent, run, endless, spoke } = await launch()
      const running = run(endless)
      await spoke
      await Promise.all([agent.close(), agent.close()])
      await agent.exited
      expect(agent.alive).toBe(false)
      expect(await running).toMatchObject({ status: 'failed', failure: { reason: 'process_died' } })
    })

    test('a turn after its end is a failure, not a wait', async () => {
      const { agent, run } = await launch()
      await agent.close()
      expect(await run('too late')).toMatchObject({ status: 'failed', failure: { reason: 'process_died' } })
    })

    test('the launcher ends what it launched', async () => {
      const { agent, launcher, run, answered } = await launch()
      await run(answered.prompt)
      await launcher.close()
      await agent.exited
      expect(agent.alive).toBe(false)
    })
  })
}
