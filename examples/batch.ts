// One prompt for several repositories, each in a worktree or clone of its own:
// node batch.ts "Update the licence header" /srv/one /srv/two https://github.com/acme/three
// CONCURRENCY (2) sessions run at a time, each for at most BUDGET_USD (1). The exit code is 1 if one of them failed.
import { connect } from './connect.ts'

const [prompt, ...repositories] = process.argv.slice(2)
const concurrency = Number(process.env.CONCURRENCY ?? 2)
const maxBudgetUsd = Number(process.env.BUDGET_USD ?? 1)
if (prompt === undefined || repositories.length === 0 || !(concurrency >= 1) || !(maxBudgetUsd > 0)) {
  process.stderr.write('usage: batch.ts <prompt> <repository> [<repository> ...]\n')
  process.exit(2)
}
const client = connect()

interface Row {
  repository: string
  status: string
  files: string
  cost: string
  place: string
}

async function run(repository: string): Promise<Row> {
  const row = { repository, status: 'failed', files: '-', cost: '-', place: '-' }
  try {
    const session = await client.createSession({
      title: `batch: ${prompt}`.slice(0, 100),
      // The work stays where it is until you have looked at it.
      workspace: /^[\w+.-]+:\/\//.test(repository)
        ? { type: 'git', url: repository }
        : { type: 'worktree', repository },
      permissionMode: 'acceptEdits',
      maxBudgetUsd,
    })
    const { workspace } = await session.get()
    row.place = workspace.type === 'worktree' ? workspace.branch : workspace.path
    const turn = await session.send(prompt ?? '')
    row.status = turn.stopReason === 'end_turn' ? 'done' : (turn.stopReason ?? turn.status)
    row.cost = `$${(turn.costUsd ?? 0).toFixed(2)}`
    const params = { sessionId: session.id }
    const diff = await client.call('getDiff', { params, query: { format: 'files' } })
    if ('files' in diff) row.files = String(diff.files.length)
  } catch (error) {
    row.status = `failed: ${(error as Error).message}`
  }
  return row
}

const rows: Row[] = []
const waiting = repositories.values()
await Promise.all(
  Array.from({ length: concurrency }, async () => {
    for (const repository of waiting) rows.push(await run(repository))
  }),
)
rows.sort((one, other) => repositories.indexOf(one.repository) - repositories.indexOf(other.repository))

const columns = ['repository', 'status', 'files', 'cost', 'place'] as const
const header = Object.fromEntries(columns.map(name => [name, name])) as unknown as Row
const lines = [header, ...rows]
for (const row of lines) {
  const cells = columns.map(name => row[name].padEnd(Math.max(...lines.map(line => line[name].length))))
  process.stdout.write(`${cells.join('  ').trimEnd()}\n`)
}
process.exitCode = rows.every(({ status }) => status === 'done') ? 0 : 1
