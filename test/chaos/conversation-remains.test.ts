import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { parseFrames } from '../support/client.ts'
import { openDamage, storedUuids } from '../support/damaged-sessions.ts'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { restart } from '../support/restart.ts'

const facts = ['my cat is called Minka', 'my dog is called Rex', 'my bird is called Tweety']

/** What is left of the mirrored lines. `prompts` are the places of the three prompts. */
const mirrors: Record<string, (lines: string[], prompts: number[]) => string[] | null> = {
  whole: lines => lines,
  'without its beginning': (lines, [, second]) => lines.slice(second),
  'without its end': (lines, [, , third]) => lines.slice(0, third),
  'without a line in the middle': (lines, [, second]) => lines.filter((_, index) => index !== second),
  'with half a last line': (lines, [, , third = 0]) => [
    ...lines.slice(0, third),
    lines[third]?.slice(0, 150) ?? '',
  ],
  'its first line': lines => lines.slice(0, 1),
  none: () => null,
}

/** What is left of Claude Code's own file. */
const files: Record<string, (lines: string[], prompts: number[]) => string | null> = {
  whole: lines => toText(lines),
  shorter: (lines, [, second]) => toText(lines.slice(0, second)),
  'without its beginning': (lines, [, , third]) => toText(lines.slice(third)),
  'cut in a line': (lines, [, , third = 0]) => toText(lines.slice(0, third + 1)).slice(0, -60),
  empty: () => '',
  none: () => null,
}

function toText(lines: string[]): string {
  return lines.map(line => `${line}\n`).join('')
}

function promptsIn(lines: string[]): number[] {
  return facts.map(fact => lines.findIndex(line => line.includes(`"content":"Remember that ${fact}"`)))
}

/** Which of the turns' prompts can still be read. */
function knownIn(lines: string[], turnIds: string[]): boolean[] {
  return turnIds.map(turnId => lines.some(line => isJson(line) && line.includes(`"uuid":"${turnId}"`)))
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}

test('a session works and remembers what its note, the store or the file of Claude Code still knows', async () => {
  const first = await openServer()
  const original = await first.createSession()
  const turnIds: string[] = []
  for (const fact of facts) turnIds.push((await first.ask(original, `Remember that ${fact}`)).body.turnId)
  await first.close()

  const damage = openDamage(first.cwd, original)
  // Neither copy's recovery depends on the note: each state of a copy is met with it and without it.
  const cases = Object.entries(mirrors).flatMap(([mirrorName, toMirror], row) =>
    Object.entries(files).map(([fileName, toFile], column) => {
      const isNoted = (row + column) % 2 === 0
      const mirrored = toMirror(damage.mirrored, promptsIn(damage.mirrored))
      const file = toFile(damage.filed, promptsIn(damage.filed))
      const inMirror = knownIn(mirrored ?? [], turnIds)
      const inFile = knownIn(file?.split('\n') ?? [], turnIds)
      return {
        name: `${isNoted ? 'noted' : 'not noted'}, mirror ${mirrorName}, file ${fileName}`,
        id: damage.add({ isNoted, mirrored, file }),
        known: turnIds.filter((_, index) => inMirror[index] || inFile[index]),
      }
    }),
  )
  damage.close()

  const second = await restart(first, undefined, { maxLiveProcesses: 4 })
  const waiting = [...cases]
  const failures: unknown[] = []
  const check = async ({ name, id, known }: (typeof cases)[number]) => {
    const answer = await second.ask(id, 'What do you remember of me?')
    const response = await second.send('GET', `/sessions/${id}/events?turnId=${answer.body.turnId}`)
    await response.text()
    const lost = turnIds.filter(turnId => !known.includes(turnId))
    const { claudeSessionId } = (await second.call('GET', `/sessions/${id}`)).body
    const stored = storedUuids(first.cwd, claudeSessionId)
    const found = {
      status: answer.status,
      remembered: facts.filter(fact => String(answer.body.response).includes(fact)),
      lost: await lossesOf(second, id),
      stored: turnIds.filter(turnId => stored.has(turnId)),
    }
    const expected = {
      status: 200,
      remembered: facts.filter((_, index) => known.includes(turnIds[index] ?? '')),
      lost: lost.length === 0 ? [] : [{ extent: known.length === 0 ? 'all' : 'part', turnIds: lost }],
      stored: known,
    }
    try {
      expect(found, name).toEqual(expected)
    } catch (error) {
      failures.push({ name, found, expected, error: answer.body.error, log: String(error).slice(0, 100) })
    }
    await second.call('DELETE', `/sessions/${id}`)
  }
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await check(next)
  }
  await Promise.all([work(), work(), work()])
  expect(failures).toEqual([])
}, 600_000)

test('a session of a stored database that could not start any more after a crash works again', async () => {
  const home = temporaryDirectory()
  const fixture = (name: string) =>
    readFileSync(join(import.meta.dirname, '../fixtures', name), 'utf8').replaceAll('{{home}}', home)
  const project = join(home, '.claude', 'projects', home.replace(/[^a-zA-Z0-9]/g, '-'))
  mkdirSync(project, { recursive: true })
  mkdirSync(join(home, 'data'))
  const database = new DatabaseSync(join(home, 'data', 'claude-code-api.db'))
  database.exec(fixture('unopenable-session.sql'))
  const [{ id } = {}] = database.prepare('select id from sessions').all() as { id?: string }[]
  database.prepare('update sessions set expires_at = ?').run(Date.now() + 3_600_000)
  database.close()
  writeFileSync(join(project, `${id}.jsonl`), fixture('unopenable-session.jsonl'))
  const server = await openServer({
    dataDir: join(home, 'data'),
    defaultCwd: home,
    environment: { HOME: home, CLAUDE_CONFIG_DIR: join(home, '.claude') },
  })
  expect((await server.ask(id ?? '', 'What is my cat called?')).body).toMatchObject({
    response: expect.stringContaining('Minka'),
  })
  expect(await lossesOf(server, id ?? '')).toEqual([])
})

async function lossesOf(server: Awaited<ReturnType<typeof openServer>>, id: string) {
  const leaving = new AbortController()
  const response = await server.send('GET', `/sessions/${id}/events`, undefined, { signal: leaving.signal })
  const losses: unknown[] = []
  for await (const { event, data } of parseFrames(response)) {
    if (event === 'caught_up') break
    if (event === 'conversation.lost') losses.push({ extent: data.extent, turnIds: data.turnIds })
  }
  leaving.abort()
  return losses
}
