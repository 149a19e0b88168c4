import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { ClaudeLauncher } from '../../src/claude/claude-launcher.ts'
import { awkwardHome, awkwardProgram } from '../claude/awkward.ts'
import { listenerWith, plainSpec } from '../support/agent-parts.ts'
import { runsLong } from '../support/lanes.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

const waves = runsLong ? 5 : 2

test(`${waves * 10} processes opened and closed leave none, and nobody is warned of anything`, async () => {
  const { living, environment } = awkwardHome()
  const complaints: unknown[] = []
  const complain = (what: unknown) => complaints.push(what)
  for (const event of ['warning', 'unhandledRejection'] as const) {
    process.on(event, complain)
    onTestFinished(() => void process.off(event, complain))
  }
  const cwd = temporaryDirectory()
  const listeners = process.listenerCount('exit')
  const launcher = new ClaudeLauncher({ environment, executable: awkwardProgram }, cwd, {
    warn: (fields, message) => complaints.push({ fields, message }),
  })
  const launch = () => launcher.launch(plainSpec(cwd), listenerWith())
  for (let wave = 0; wave < waves; wave++) {
    const agents = Array.from({ length: 10 }, launch)
    // Some are closed before they have started, some while they do, some after an answer.
    await Promise.all(
      agents.map(async (agent, index) => {
        if (index % 3 === 1) await new Promise(resolve => setImmediate(resolve))
        if (index % 3 === 2) {
          expect(await agent.runTurn({ turnId: randomUUID(), prompt: 'hello' })).toMatchObject({
            status: 'completed',
          })
        }
        await agent.close()
      }),
    )
  }
  expect(living()).toEqual([])
  await launcher.close()
  // What was rejected without anybody to hear is told in a later round.
  await new Promise(resolve => setTimeout(resolve, 0))
  expect(complaints).toEqual([])
  expect(process.listenerCount('exit')).toBeLessThanOrEqual(listeners + 1)
})
