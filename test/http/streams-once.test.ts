import { expect, onTestFinished, test } from 'vitest'
import { parseFrames, type SseFrame } from '../support/client.ts'
import { caller, openSessions, plain } from '../support/open-sessions.ts'
import { random } from '../support/random.ts'
import type { Script } from '../support/scripted-launcher.ts'
import { openDoor } from './open-door.ts'

const tick = () => new Promise(resolve => setImmediate(resolve))

/** An engine that does anything: talks, falls silent, dies, breaks. */
function wildScript({ pick, below, chance }: ReturnType<typeof random>): Script {
  return async scene => {
    for (let step = below(8); step > 0; step--) {
      const what = pick(['say', 'say', 'delta', 'delta', 'tick'])
      if (what === 'say') scene.say(`said ${step}`)
      else if (what === 'delta') scene.delta(`piece ${step} `)
      else await tick()
    }
    if (chance(0.2)) scene.die()
    if (chance(0.1)) throw new Error('the engine is broken')
    if (chance(0.3)) await scene.stopped
    return 'the answer'
  }
}

/**
 * Whatever happens to turns, processes, the session and the server while streams are open: each stream that its
 * client has not left ends with one `complete` or one `error`, and nothing after it.
 */
test.each(Array.from({ length: 25 }, (_, seed) => seed))('one last word, seed %i', async seed => {
  const choices = random(seed)
  const { pick, below, chance } = choices
  const { sessions, launcher, close } = await openSessions({ drainTimeoutMs: 0, maxLiveProcesses: 2 })
  launcher.script = wildScript(choices)
  const door = await openDoor({ service: sessions, config: { rateLimit: { enabled: false } } })
  onTestFinished(() => door[Symbol.asyncDispose]())
  const ids = await Promise.all([0, 1, 2].map(async () => (await sessions.create(caller, plain)).session.id))
  const oneOf = () => ids[below(ids.length)] ?? ''
  const streams: Promise<{ frames: SseFrame[]; left: boolean }>[] = []
  async function stream(): Promise<{ frames: SseFrame[]; left: boolean }> {
    const leavesAfter = chance(0.2) ? below(3) : Number.POSITIVE_INFINITY
    const body = {
      prompt: 'go',
      includeDeltas: chance(0.5),
      onBusy: pick(['queue', 'interrupt', 'steer']),
      onDisconnect: pick(['interrupt', 'continue']),
      timeout: chance(0.2) ? 1 + below(20) : 0,
    }
    const frames: SseFrame[] = []
    const response = await door.post(`/sessions/${oneOf()}/stream`, body)
    if (!response.ok) {
      await response.text()
      return { frames: [], left: true }
    }
    for await (const frame of parseFrames(response)) {
      frames.push(frame)
      // Leaving the iteration leaves the connection.
      if (frames.length > leavesAfter) return { frames, left: true }
    }
    return { frames, left: false }
  }
  for (let step = 0; step < 30; step++) {
    const what = pick(['stream', 'stream', 'stream', 'interrupt', 'clear', 'kill', 'tick', 'tick', 'end'])
    if (what === 'stream') streams.push(stream())
    else if (what === 'interrupt') void sessions.interrupt(caller, oneOf(), { clearQueue: false })
    else if (what === 'clear') void sessions.interrupt(caller, oneOf(), { clearQueue: true })
    else if (what === 'kill') for (const agent of launcher.agents) void agent.close()
    else if (what === 'end' && chance(0.2)) void sessions.end(caller, oneOf())
    else await tick()
  }
  // What still hangs is stopped in one of two ways.
  if (chance(0.5)) {
    await close()
    await door.door.close()
  }
  const settled = Promise.all(streams)
  let over = false
  void settled.finally(() => {
    over = true
  })
  while (!over) {
    await tick()
    for (const id of ids) await sessions.interrupt(caller, id, { clearQueue: true }).catch(() => {})
  }
  for (const { frames, left } of await settled) {
    const names = frames.map(({ event }) => event)
    const last = names.filter(name => name === 'complete' || name === 'error')
    if (left) {
      expect(last.length).toBeLessThanOrEqual(1)
      continue
    }
    expect(names[0]).toBe('connected')
    expect(last).toHaveLength(1)
    expect(names.at(-1)).toBe(last[0])
  }
})
