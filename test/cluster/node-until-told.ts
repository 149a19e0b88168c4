import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { startWarden } from '../../src/app/cluster/start-warden.ts'
import { toStartText } from '../../src/claude/process/process-table.ts'
import { identify, markerVariable } from '../../src/claude/process/process-tree.ts'
import { ProcessFiles } from '../../src/cluster/process-files.ts'
import { openPostgresStore } from '../../src/store/postgres/open-postgres.ts'

// Started by warden-node.ts: a node with a warden and one tree of processes, which does what standard input says.
const [url = '', wardenUrl = '', nodeId = '', directory = '', leaseText = '', family = ''] =
  process.argv.slice(2)
const leaseMs = Number(leaseText)
const tell = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`)
// A drain: only the end that standard input asks for ends it.
process.on('SIGTERM', () => tell({ kind: 'signal' }))

const store = await openPostgresStore({ url, nodeId, leaseMs })
const processes = new ProcessFiles(directory, nodeId)
const warn = (fields: object, text: string) => tell({ kind: 'log', text, ...fields })
const lease = await startWarden({
  nodeId,
  leaseMs,
  database: { url: wardenUrl },
  processes,
  slotsFree: () => 3,
  join: () =>
    store.nodes.join(
      { id: nodeId, url: 'http://127.0.0.1:1', version: '1', slotsFree: 3, volumes: [] },
      leaseMs,
    ),
  log: { warn, error: warn },
})
lease.lost.addEventListener('abort', () => tell({ kind: 'lost', reason: String(lease.lost.reason) }))

/** A child in the leader's session, one in a session of its own, and one that also has another environment. */
function startTree(): void {
  const marker = randomUUID()
  const { startTicks } = identify(process.pid)
  processes.announceProcess({ pid: 0, startedAt: toStartText(startTicks), marker, claudeSessionId: null })
  const sleeping = `sleep ${family}`
  const child = spawn(
    '/bin/sh',
    ['-c', `${sleeping} & setsid ${sleeping} & setsid env -i ${sleeping} & wait`],
    {
      detached: true,
      stdio: 'ignore',
      env: { PATH: '/usr/bin:/bin', [markerVariable]: marker },
    },
  )
  child.unref()
  const leader = identify(child.pid ?? 0)
  void processes.recordProcess({
    pid: leader.pid,
    startedAt: toStartText(leader.startTicks),
    marker,
    claudeSessionId: null,
  })
}

startTree()
tell({ kind: 'ready', wardenPid: lease.wardenPid })
for await (const command of createInterface({ input: process.stdin })) {
  if (command === 'state') {
    tell({ kind: 'state', isGood: lease.isGood, isLost: lease.lost.aborted, wardenPid: lease.wardenPid })
  } else if (command.startsWith('block')) {
    const end = performance.now() + Number(command.split(' ')[1])
    while (performance.now() < end);
    tell({ kind: 'blocked', isGood: lease.isGood })
  } else if (command === 'close') {
    await lease.close()
    tell({ kind: 'closed' })
  }
}
