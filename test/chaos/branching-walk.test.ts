import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import { runsLong } from '../support/lanes.ts'
import { openServer } from '../support/open-server.ts'
import { random } from '../support/random.ts'

/** A server on the store of one before it, on which the model answers with all prompts that it was told. */
async function open(cwd?: string) {
  const server = await openServer(
    cwd === undefined
      ? {}
      : {
          dataDir: `${cwd}/data`,
          defaultCwd: cwd,
          environment: { HOME: cwd, CLAUDE_CONFIG_DIR: `${cwd}/.claude` },
        },
  )
  server.model.script(
    () => true,
    ({ history, text: latest }) => text([...history.map(({ prompt }) => prompt), latest].join('\n')),
  )
  return server
}

test.each(runsLong ? [1, 2] : [1])(
  'whatever is asked, forked and rewound, the model is told what a list would have (seed %i)',
  async seed => {
    const { below, pick, chance } = random(seed)
    let server = await open()
    const { cwd } = server
    const lists = new Map<string, { turnId: string; prompt: string }[]>([[await server.createSession(), []]])

    for (let step = 0; step < 20; step++) {
      const id = pick([...lists.keys()] as [string, ...string[]])
      const list = lists.get(id) ?? []
      const at = below(Math.max(list.length, 1))
      const said = list[at]
      if (chance(0.1)) {
        await server.close()
        if (chance(0.5)) rmSync(`${cwd}/.claude`, { recursive: true, force: true })
        server = await open(cwd)
      } else if (chance(0.5) || !said) {
        const prompt = `prompt ${step}`
        const { body } = await server.ask(id, prompt)
        list.push({ turnId: body.turnId, prompt })
        expect(body.response.split('\n')).toEqual(list.map(entry => entry.prompt))
      } else if (chance(0.4) && lists.size < 6) {
        const { body } = await server.call('POST', `/sessions/${id}/fork`, { afterTurnId: said.turnId })
        lists.set(body.sessionId, list.slice(0, at + 1))
      } else {
        const { body } = await server.call('POST', `/sessions/${id}/rewind`, { toTurnId: said.turnId })
        expect(body.turnIds).toEqual(list.splice(at).map(({ turnId }) => turnId))
      }
    }

    for (const [id, list] of lists) {
      const told = (await server.ask(id, 'the last')).body.response.split('\n')
      expect(told).toEqual([...list.map(({ prompt }) => prompt), 'the last'])
    }
  },
)
