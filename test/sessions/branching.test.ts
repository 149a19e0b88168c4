import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { caller, openSessions, plain, promptOf, stranger, until } from '../support/open-sessions.ts'

test('turns that come while the conversation is rewound wait, and run in the new one', async () => {
  const { sessions, launcher, ask } = await openSessions()
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  const one = await ask(id, 'one')
  const two = await ask(id, 'two')
  const request = { conversation: true, files: false, overwriteOthers: false, dryRun: false }
  const rewinding = Promise.all([
    sessions.branching.rewind(caller, id, { ...request, toTurnId: two.id }),
    sessions.branching.rewind(caller, id, { ...request, toTurnId: one.id }),
  ])
  const later = await Promise.all(
    ['three', 'four'].map(prompt => sessions.submit(caller, id, promptOf(prompt))),
  )
  const [first, second] = await rewinding
  expect([first.turnIds, second.turnIds]).toEqual([[two.id], [one.id]])
  for (const { turn } of later) {
    const ended = await sessions.whenTurnEnded(caller, id, turn.id, new AbortController().signal)
    expect(ended).toMatchObject({ status: 'completed' })
    expect(ended.rewound).toBeUndefined()
  }
  const { session } = await sessions.get(caller, id)
  expect(launcher.launched.at(-1)).toMatchObject({ claudeSessionId: session.claudeSessionId, resume: false })
  expect(session.claudeSessionId).not.toBe(id)
})

test('a transcript that is not complete is no past to share, but can be left behind', async () => {
  const { sessions, launcher, ask } = await openSessions()
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  const one = await ask(id, 'one')
  const two = await ask(id, 'two')
  for (const agent of launcher.agents) agent.loseTranscript()
  await until(async () => (await sessions.get(caller, id)).session.transcript === 'incomplete')
  const incomplete = { code: 'TRANSCRIPT_INCOMPLETE' }
  const request = { conversation: true, files: false, overwriteOthers: false, dryRun: false }
  await expect(sessions.branching.fork(caller, id, {})).rejects.toMatchObject(incomplete)
  const rewinding = sessions.branching.rewind(caller, id, { ...request, toTurnId: two.id })
  await expect(rewinding).rejects.toMatchObject(incomplete)
  expect((await sessions.getTurn(caller, id, two.id)).rewound).toBeUndefined()
  await sessions.branching.rewind(caller, id, { ...request, toTurnId: one.id })
  expect((await sessions.get(caller, id)).session.transcript).toBe('complete')
  expect((await ask(id, 'three')).status).toBe('completed')
})

test('a transcript that the store never had is no past to share', async () => {
  const { sessions, store, ask } = await openSessions()
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  await ask(id, 'one')
  await store.transcripts.removeTranscripts({ tenantId: caller.tenantId, claudeSessionId: id })
  await expect(sessions.branching.fork(caller, id, {})).rejects.toMatchObject({
    code: 'TRANSCRIPT_INCOMPLETE',
  })
})

test('what could not become a session leaves no transcript', async () => {
  const { sessions, store, ask } = await openSessions({ maxSessions: 1 })
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  await ask(id, 'one')
  const made: string[] = []
  const { appendTranscript } = store.transcripts
  store.transcripts.appendTranscript = (key, entries) => {
    made.push(key.claudeSessionId)
    return appendTranscript(key, entries)
  }
  await expect(sessions.branching.fork(caller, id, {})).rejects.toMatchObject({
    code: 'MAX_SESSIONS_REACHED',
  })
  const [claudeSessionId = ''] = made
  expect(claudeSessionId).not.toBe('')
  expect(
    await store.transcripts.loadTranscript({ tenantId: caller.tenantId, claudeSessionId, subpath: null }),
  ).toBeNull()
})

test('sessions and turns of others are not there', async () => {
  const { sessions, ask } = await openSessions()
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  const turn = await ask(id, 'one')
  const request = {
    toTurnId: turn.id,
    conversation: true,
    files: false,
    overwriteOthers: false,
    dryRun: true,
  }
  await expect(sessions.branching.fork(stranger, id, {})).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
  await expect(sessions.branching.rewind(stranger, id, request)).rejects.toMatchObject({
    code: 'SESSION_NOT_FOUND',
  })
  await expect(
    sessions.branching.rewind(caller, id, { ...request, toTurnId: randomUUID() }),
  ).rejects.toMatchObject({ code: 'TURN_NOT_FOUND' })
})

test('a fork does not inherit what people have allowed, nor what the server no longer allows', async () => {
  const { sessions, store, ask } = await openSessions()
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  await ask(id, 'one')
  const change = { tenantId: caller.tenantId, sessionId: id, at: Date.now(), events: [] }
  const rule = { type: 'addRules', rules: [{ toolName: 'Bash' }], behavior: 'allow', destination: 'session' }
  await store.commit({ ...change, session: { remembered: [rule] } })
  expect((await sessions.branching.fork(caller, id, {})).session.remembered).toEqual([])
  await store.commit({ ...change, session: { permissionMode: 'bypassPermissions' } })
  await expect(sessions.branching.fork(caller, id, {})).rejects.toMatchObject({
    code: 'PERMISSION_MODE_NOT_ALLOWED',
  })
})
