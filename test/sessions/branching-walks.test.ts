import { expect, test } from 'vitest'
import type { MessagePayload } from '../../src/sessions/records.ts'
import { caller, openSessions, plain } from '../support/open-sessions.ts'
import { random } from '../support/random.ts'

/** What a conversation consists of, by the simplest model: a list. */
interface Said {
  turnId: string
  prompt: string
}

test.each([1, 2, 3, 4, 5, 6])(
  'whatever is asked, forked and rewound, Claude knows what a list would (seed %i)',
  async seed => {
    const { below, pick, chance } = random(seed)
    const { sessions, store, ask } = await openSessions()
    const {
      session: { id: firstId },
    } = await sessions.create(caller, plain)
    const lists = new Map<string, Said[]>([[firstId, []]])
    const anySession = () => pick([...lists.keys()] as [string, ...string[]])

    for (let step = 0; step < 80; step++) {
      const id = anySession()
      const list = lists.get(id) ?? []
      const at = below(Math.max(list.length, 1))
      const said = list[at]
      if (chance(0.5) || !said) {
        // One that ends without an answer is part of the conversation as well.
        const prompt = `${chance(0.1) ? 'die' : 'say'} ${step}`
        list.push({ turnId: (await ask(id, prompt)).id, prompt })
      } else if (chance(0.4) && lists.size < 12) {
        const whole = chance(0.3)
        const { session: fork } = await sessions.branching.fork(
          caller,
          id,
          whole ? {} : { afterTurnId: said.turnId },
        )
        lists.set(fork.id, whole ? [...list] : list.slice(0, at + 1))
      } else {
        const request = {
          toTurnId: said.turnId,
          conversation: true,
          files: false,
          overwriteOthers: false,
          dryRun: chance(0.2),
        }
        const { turnIds } = await sessions.branching.rewind(caller, id, request)
        expect(turnIds).toEqual(list.slice(at).map(({ turnId }) => turnId))
        if (!request.dryRun) list.splice(at)
      }
    }

    for (const [id, list] of lists) {
      const { session } = await sessions.get(caller, id)
      const key = { tenantId: caller.tenantId, claudeSessionId: session.claudeSessionId, subpath: null }
      const lines = (await store.transcripts.loadTranscript(key)) ?? []
      expect(lines.map(({ uuid }) => uuid)).toEqual(list.map(({ turnId }) => turnId))
      expect(lines.every(({ sessionId }) => sessionId === session.claudeSessionId)).toBe(true)
      // The history says the same: what is not marked is what counts.
      const { messages } = await sessions.listMessages(caller, id, { limit: 1_000, offset: 0 })
      const counting = messages.filter(
        ({ rewound, payload }) => !rewound && (payload as MessagePayload).source === 'user',
      )
      expect(counting.map(({ turnId }) => turnId)).toEqual(list.map(({ turnId }) => turnId))
      expect(messages).toHaveLength(session.messageCount)
      const { turns } = await sessions.listTurns(caller, id, { limit: 1_000, offset: 0 })
      const own = turns.filter(({ rewound }) => !rewound).map(turn => turn.id)
      expect(own).toEqual(list.map(({ turnId }) => turnId).filter(turnId => own.includes(turnId)))
      const events = await store.listEvents(caller.tenantId, { sessionId: id, after: 0, limit: 10_000 })
      expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
    }
  },
)
