import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { NewEvent } from '../../src/sessions/records.ts'
import { openStore } from '../../src/store/open-store.ts'
import { sessionRecord } from '../suites/store-records.ts'
import { caller, openSessions, temporaryDirectory } from '../support/open-sessions.ts'

test('a thousand stored sessions start no process and are not loaded', async () => {
  const file = join(temporaryDirectory(), 'store.db')
  const store = await openStore({ file })
  const soon = Date.now() + 3_600_000
  await Promise.all(
    Array.from({ length: 1_000 }, () =>
      store.createSession(
        {
          ...sessionRecord(),
          id: randomUUID(),
          tenantId: caller.tenantId,
          status: 'active',
          expiresAt: soon,
        },
        [{ type: 'session.created', turnId: null, payload: {} } as NewEvent],
        1_000_000,
      ),
    ),
  )
  await store.close()
  const opened = await openSessions({ file })
  // Opening asks for what is unfinished and for the next expiry; it reads no session.
  let read = 0
  const { findSession, listSessions } = opened.store
  opened.store.findSession = (...given) => {
    read++
    return findSession(...given)
  }
  opened.store.listSessions = (...given) => {
    read++
    return listSessions(...given)
  }
  expect(opened.launcher.launched).toEqual([])
  expect(read).toBe(0)
  const page = await opened.sessions.list(caller, { status: 'active', archived: 'false', limit: 50 })
  expect([page.total, page.sessions.length]).toEqual([1_000, 50])
})
