import { createHash, randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Store } from '../../src/sessions/ports/index.ts'
import type { SessionRecord } from '../../src/sessions/records.ts'
import { entriesOfWork } from '../../src/sessions/turns/usage-entries.ts'
import { Checksum } from '../../src/store/checksum.ts'
import { openStoreDump } from '../../src/store/dump/open-dump.ts'
import type { StoreDatabase } from '../../src/store/open-store.ts'
import { auditRecord } from '../suites/store-audit-cases.ts'
import { keyRecord, loginRecord } from '../suites/store-key-cases.ts'
import { presetLimits, presetVersionOf } from '../suites/store-preset-cases.ts'
import { changeOf, messageEvent, sessionRecord, turnRecord } from '../suites/store-records.ts'

/** Puts a session into a store that has rows in nearly every table, and files in the data directory if there is one. */
export async function fillStore(
  store: Store,
  dataDir: string | undefined,
  fields: Partial<SessionRecord> = {},
): Promise<SessionRecord> {
  const session = sessionRecord({ title: 'größer \u{1f600}', secrets: { agentEnv: 'sealed' }, ...fields })
  const { id: sessionId, tenantId } = session
  const turn = turnRecord(session, {
    status: 'completed',
    costUsd: 0.1 + 0.2,
    startedAt: 2_000,
    endedAt: 3_000,
  })
  const key = {
    tenantId,
    keyId: 'k',
    key: randomUUID(),
    fingerprint: 'f',
    sessionId,
    turnId: null,
    expiresAt: 9e15,
  }
  await store.keys.saveKey(keyRecord({ tenantId }))
  const preset = presetVersionOf({ tenantId, name: sessionId, secrets: { agentEnv: 'sealed \u{1f600}' } })
  await store.presets.createPreset(preset, presetLimits, 0)
  await store.logins.loadInstance()
  await store.logins.addLogin(loginRecord({ tenantId }), [])
  await store.audit.appendAudit([auditRecord({ tenantId, sessionId })])
  await store.createSession(session, [messageEvent('first')], 1_000_000, key)
  const part = { tenantId, claudeSessionId: session.claudeSessionId, subpath: null }
  const template = JSON.stringify({ type: 'message', text: 'x'.repeat(50) })
  const work = { startedAt: 1, endedAt: 2, usage: null, costUsd: 0.25, modelUsage: null }
  await store.commit(
    changeOf(session, {
      insertTurn: turn,
      events: [messageEvent(`line\n${template}\u2028`, turn.id), messageEvent('b', turn.id)],
      transcript: [{ part, entries: [{ type: 'user', uuid: 'u', text: '"\\\n' }] }],
      addAutonomousWork: [work],
      usage: entriesOfWork('key-1', work, 2),
      savePermission: {
        ...{ id: randomUUID(), tenantId, sessionId, turnId: turn.id, kind: 'tool', toolName: 'Bash' },
        ...{ toolUseId: 't', status: 'pending', answer: null, requestedAt: 1, expiresAt: 9e15 },
        ...{
          decidedAt: null,
          decidedBy: null,
          message: null,
          runsWith: null,
          updatedInput: null,
          remembered: null,
        },
        request: { input: { command: 'ls' }, suggestions: [] },
      } as never,
      saveTasks: [
        {
          ...{ id: 'task', tenantId, sessionId, turnId: turn.id, type: 'local_bash', description: 'make' },
          ...{ toolUseId: null, agent: null, status: 'completed', summary: null, startedAt: 1, endedAt: 2 },
        } as never,
      ],
    }),
  )
  await attach(store, session, Buffer.alloc(2_500_000, 'bytes \0\xff', 'latin1'))
  const content = Buffer.from(`content of ${sessionId}`)
  const hash = createHash('sha256').update(content).digest('hex')
  if (dataDir !== undefined) {
    const directory = join(dataDir, 'file-history', sessionId, 'files')
    await mkdir(directory, { recursive: true })
    await writeFile(join(directory, hash), content)
  }
  const file = { hash, size: content.length, mode: 0o644, kept: true }
  const ofTurn = { tenantId, sessionId, turnId: turn.id, takenAt: 5 }
  await store.fileHistory.saveSnapshot({ ...ofTurn, tree: null, missing: 'no_repository' })
  await store.fileHistory.saveCheckpoint({
    ...ofTurn,
    path: '/a',
    before: file,
    after: null,
    disturbed: false,
  })
  return session
}

async function attach(store: Store, session: SessionRecord, bytes: Buffer): Promise<void> {
  const { id: sessionId, tenantId } = session
  const attachment = {
    ...{ id: randomUUID(), tenantId, sessionId, createdBy: 'k', name: 'n', mediaType: 'text/plain' as const },
    ...{ sizeBytes: bytes.length, sha256: 'f'.repeat(64), createdAt: 1 },
  }
  await store.attachments.addAttachment(attachment, bytes, 1e9)
}

/** Counts and checksums of all tables of a store. */
export async function sumsOf(
  file: string,
  database?: StoreDatabase,
): Promise<Record<string, { rows: number; sum: string }>> {
  const dump = await openStoreDump(file, database)
  try {
    const sums: Record<string, { rows: number; sum: string }> = {}
    for (const { name, ...table } of dump.tables) {
      const columns = table.columns.toSorted()
      const checksum = new Checksum()
      for await (const rows of dump.rows({ name, ...table })) {
        for (const row of rows) checksum.add(columns.map(column => row[table.columns.indexOf(column)]))
      }
      sums[name] = { rows: checksum.rows, sum: checksum.value }
    }
    return sums
  } finally {
    await dump.close()
  }
}
