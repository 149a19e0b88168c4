import type { Conversation, MessageView, TurnView } from '../../../../../src/client/index.ts'

/** A line of the conversation's list. Keys stay the same while the conversation grows at either end. */
export type Row =
  | { kind: 'message'; key: string; message: MessageView }
  | { kind: 'turn'; key: string; turn: TurnView }
  | { kind: 'rewound'; key: string; count: number; isOpen: boolean }

type Shown = Pick<Conversation, 'messages' | 'turns'>

const over = new Set<TurnView['status']>(['completed', 'failed', 'interrupted', 'timed_out', 'lost'])

/**
 * The messages in their order, each ended turn with its result after its last message, and turns that were rewound
 * folded away unless they are opened.
 */
export function toRows({ messages, turns }: Shown, openFolds: ReadonlySet<string>): Row[] {
  const ended = new Map(turns.filter(turn => over.has(turn.status)).map(turn => [turn.turnId, turn]))
  const lastOf = new Map<string, number>()
  messages.forEach(({ turnId }, index) => {
    if (turnId !== null) lastOf.set(turnId, index)
  })
  const rows: Row[] = []
  const keys = new Map<string, number>()
  let fold: Extract<Row, { kind: 'rewound' }> | undefined
  messages.forEach((message, index) => {
    const { id, turnId, isRewound } = message
    const seen = keys.get(id) ?? 0
    keys.set(id, seen + 1)
    const key = seen === 0 ? id : `${id} ${seen}`
    if (!isRewound) fold = undefined
    else if (!fold) {
      fold = { kind: 'rewound', key: `rewound ${key}`, count: 0, isOpen: openFolds.has(`rewound ${key}`) }
      rows.push(fold)
    }
    if (fold) fold.count++
    if (fold && !fold.isOpen) return
    rows.push({ kind: 'message', key, message })
    const turn = turnId !== null && lastOf.get(turnId) === index ? ended.get(turnId) : undefined
    if (turn) rows.push({ kind: 'turn', key: `turn ${turn.turnId}`, turn })
  })
  // Turns that ended before their prompt was stored.
  for (const turn of turns) {
    if (ended.has(turn.turnId) && !lastOf.has(turn.turnId) && turn.error && !turn.isRewound) {
      rows.push({ kind: 'turn', key: `turn ${turn.turnId}`, turn })
    }
  }
  return rows
}
