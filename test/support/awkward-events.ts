import { randomUUID } from 'node:crypto'
import type { Express, Response } from 'express'
import { messageReader } from '../../src/claude/messages/message-reader.ts'
import { EventLog } from '../../src/sessions/log/event-log.ts'
import type { NewEvent } from '../../src/sessions/records.ts'
import { openStore } from '../../src/store/open-store.ts'
import { toLine } from '../fixtures/collect-events.ts'
import { openDoor } from '../http/open-door.ts'
import { sessionRecord } from '../suites/store-records.ts'
import { temporaryDirectory } from './open-sessions.ts'

/** Texts that break a careless framing, or a careless client. */
const awkward = [
  'two\nlines\n\nand an empty one',
  'carriage\r\nreturns\ralone',
  'data: x\n\nevent: forged\nid: 999\ndata: y\n\n',
  'line\u2028and paragraph\u2029separators, next line\u0085, vertical\v and form\f feed',
  'emoji 👩‍👩‍👧‍👦 🏳️‍🌈, accents é e\u0301, العربية, 漢字',
  'half an emoji \ud83d, NUL \0, BOM \ufeff, DEL \x7f',
  '\ufeff: a comment?',
  ' leading and trailing space ',
  '',
]
/** 5 MB in UTF-8, its pieces of one to four bytes cut anywhere by the network. */
const large = 'aé漢👍\n'.repeat(5_000_000 / 11)

/**
 * A server without keys that has such messages in the past of a session, sends more live, cuts the connection,
 * and ends the session when the client has come back.
 */
export async function openAwkwardEvents(
  auth: { enabled: boolean } = { enabled: false },
  prepare?: (app: Express) => void,
) {
  const store = await openStore({ file: `${temporaryDirectory()}/store.db` })
  const session = sessionRecord()
  await store.createSession(session, [], 1)
  const log = new EventLog(store, messageReader)
  const open = new Set<Response>()
  const resumedAfter: unknown[] = []
  const comeBack = Promise.withResolvers<void>()
  const door = await openDoor({
    config: { auth },
    service: {
      follow: async (_caller, _id, request) => {
        resumedAfter.push(request.after)
        if (resumedAfter.length > 1) comeBack.resolve()
        return log.follow(session, request)
      },
    },
    prepare(app) {
      prepare?.(app)
      app.use((_req, res, next) => {
        open.add(res)
        next()
      })
    },
  })
  const owner = { tenantId: session.tenantId, sessionId: session.id, at: 1_000 }
  const commit = (...events: NewEvent[]) => log.commit({ ...owner, events })
  for (const text of awkward) await commit(said(text))
  await commit(said(large))
  return {
    door,
    url: `${door.url}/sessions/${session.id}/events`,
    resumedAfter,
    /** To be called when the client has begun; resolves when all of it is written. */
    async play() {
      while (log.figures().readers === 0) await new Promise(resolve => setImmediate(resolve))
      await commit(...awkward.map(said))
      await commit({ type: 'session.updated', turnId: null, payload: { title: awkward[0] } })
      for (const res of open) res.destroy()
      // Written while nobody listens.
      await commit(said('meanwhile'), said(large))
      await comeBack.promise
      await commit({ type: 'session.ended', turnId: null, payload: {} })
    },
    /** What a client has to have seen. */
    async expected() {
      const events = await store.listEvents(owner.tenantId, { sessionId: session.id, after: 0, limit: 1000 })
      return events.map(({ type, sequence, payload }) =>
        toLine(type, sequence, 'message' in payload ? payload.message : null),
      )
    },
    async close() {
      log.close()
      await door[Symbol.asyncDispose]()
      await store.close()
    },
  }
}

function said(text: string): NewEvent {
  const message = { type: 'assistant', message: { content: [{ type: 'text', text }] } }
  return { type: 'message', turnId: null, payload: { id: randomUUID(), source: 'sdk', message } }
}
