import { existsSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { parseFrames } from '../support/client.ts'
import { openServer } from '../support/open-server.ts'
import { restart } from '../support/restart.ts'

type Server = Awaited<ReturnType<typeof openServer>>

const cat = 'Remember that my cat is called Minka'
const dog = 'Remember that my dog is called Rex'
const question = 'What do you remember of me?'

/** What is left of a conversation while no server runs. */
interface Remains {
  /** Claude Code's own file of the main conversation. */
  file: string
  /** Runs a statement on the stored database. */
  run(sql: string): void
}

const damages: [string, string[], (remains: Remains) => void][] = [
  [
    'its file cannot be written',
    [cat, dog],
    ({ file }) => {
      rmSync(file)
      mkdirSync(file)
    },
  ],
  [
    'the directory of its files cannot be made',
    [cat, dog],
    ({ file }) => {
      rmSync(dirname(file), { recursive: true })
      writeFileSync(dirname(file), 'no directory')
    },
  ],
  [
    'its file lies where another working directory has its own, and the store has nothing',
    [cat, dog],
    ({ file, run }) => {
      const other = join(dirname(dirname(file)), '-somewhere-else')
      mkdirSync(other)
      renameSync(file, join(other, basename(file)))
      run('delete from transcript_entries')
    },
  ],
  [
    'the transcript of a subagent is gone everywhere',
    [cat, 'ask the helper', dog],
    ({ file, run }) => {
      const ofAgents = file.replace(/\.jsonl$/, '')
      expect(existsSync(ofAgents)).toBe(true)
      rmSync(ofAgents, { recursive: true })
      run("delete from transcript_entries where subpath <> ''")
    },
  ],
  [
    'the transcript of a subagent is all there is in the store, and its file is gone',
    [cat, 'ask the helper', dog],
    ({ file, run }) => {
      rmSync(file.replace(/\.jsonl$/, ''), { recursive: true })
      run("delete from transcript_entries where subpath = ''")
    },
  ],
  [
    'the line that marks a compaction is gone everywhere',
    [cat, '/compact', dog],
    ({ file, run }) => {
      rmSync(file)
      run("delete from transcript_entries where entry like '%compact_boundary%'")
    },
  ],
  [
    'the summary after a compaction is gone everywhere',
    [cat, '/compact', dog],
    ({ file, run }) => {
      rmSync(file)
      run("delete from transcript_entries where entry like '%isCompactSummary%'")
    },
  ],
]

test.each(damages)('%s: the session works and remembers what there is', async (_name, prompts, damage) => {
  const first = await openServer()
  scriptHelper(first)
  const id = await first.createSession()
  for (const prompt of prompts) {
    expect(await first.ask(id, prompt, { commands: prompt.startsWith('/') })).toMatchObject({ status: 200 })
  }
  await first.close()
  const [file = ''] = globSync(join(first.cwd, '.claude', 'projects', '*', `${id}.jsonl`))
  const database = openDatabase(first)
  damage({ file, run: sql => database.exec(sql) })
  database.close()

  const second = await restart(first)
  const answer = await second.ask(id, question)
  expect(answer).toMatchObject({ status: 200 })
  expect(answer.body.response).toContain('Rex')
  expect(answer.body.response).toContain('Minka')
  expect(await second.ask(id, 'What is 6 times 7?')).toMatchObject({ status: 200 })
})

test('a store that takes no lines of a conversation ends no turn, and has them at the next start', async () => {
  const first = await openServer()
  const id = await first.createSession()
  await first.ask(id, cat)
  const database = openDatabase(first)
  database.exec(`create trigger no_lines before insert on transcript_entries
    begin select raise(abort, 'no room for lines'); end`)
  expect(await first.ask(id, dog)).toMatchObject({ status: 200 })
  await first.close()
  expect(linesWith(database, 'Rex')).toBe(0)
  database.exec('drop trigger no_lines')

  const second = await restart(first)
  const answer = await second.ask(id, question)
  expect(answer.body.response).toContain('Minka')
  expect(answer.body.response).toContain('Rex')
  expect(linesWith(database, 'Rex')).toBeGreaterThan(0)
  database.close()
  expect(await lossesOf(second, id)).toEqual([])
})

function scriptHelper({ model }: Server): void {
  const helper = { description: 'help out', prompt: 'the errand', subagent_type: 'general-purpose' }
  model.script('ask the helper', [toolUse('Agent', { ...helper, run_in_background: false }), text('Done')])
  model.script('the errand', [text('I have helped')])
}

function openDatabase({ cwd }: Server): DatabaseSync {
  return new DatabaseSync(join(cwd, 'data', 'claude-code-api.db'), { timeout: 10_000 })
}

function linesWith(database: DatabaseSync, name: string): unknown {
  return database
    .prepare('select count(*) as lines from transcript_entries where entry like ?')
    .get(`%${name}%`)?.lines
}

async function lossesOf(server: Server, id: string) {
  const leaving = new AbortController()
  const response = await server.send('GET', `/sessions/${id}/events`, undefined, { signal: leaving.signal })
  const losses: unknown[] = []
  for await (const { event, data } of parseFrames(response)) {
    if (event === 'caught_up') break
    if (event === 'conversation.lost') losses.push(data)
  }
  leaving.abort()
  return losses
}
