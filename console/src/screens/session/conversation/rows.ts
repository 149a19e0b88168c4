import type { Conversation, MessageView, TurnView } from '../../../../../src/client/index.ts'

/** A line of the conversation's list. Keys stay the same while the conversation grows at either end. */
export type Row =
  | { kind: 'message'; key: string; message: MessageView; ignoredMentions: TurnView['ignoredMentions'] }
  | { kind: 'turn'; key: string; turn: TurnView }
  | { kind: 'rewound'; key: string; count: number; isOpen: boolean }

type Shown = Pick<Conversation, 'messages' | 'turns'>

const over = new Set<TurnView['status']>(['completed', 'failed', 'interrupted', 'timed_out', 'lost'])
const none: TurnView['ignoredMentions'] = []

/** The places of the first and the last message of each turn. */
function placesOf(messages: Shown['messages']): Map<string, { first: number; last: number }> {
  const places = new Map<string, { first: number; last: number }>()
  messages.forEach(({ turnId }, index) => {
    if (turnId === null) return
    const place = places.get(turnId)
    if (place) place.last = index
    else places.set(turnId, { first: index, last: index })
  })
  return places
}

/** Whether the error that a turn ended with says what the message says. */
function isToldAtEnd({ notice, blocks }: MessageView, turn: TurnView | undefined): boolean {
  if (notice !== 'error' || !turn?.error || !over.has(turn.status)) return false
  const text = blocks.map(block => (block.type === 'text' ? block.text : '')).join('\n')
  return [turn.notice, turn.error.message].some(told => told?.trim() === text.trim())
}

/**
 * The messages in their order, each ended turn with its result after its last message, and turns that were rewound
 * folded away.
 *
 * @param toggled the keys of the folds that a person has opened or closed
 * @param linkedTurnId the turn that the page's address names: folds are open if it was rewound
 */
export function toRows(
  { messages, turns }: Shown,
  toggled: ReadonlySet<string>,
  linkedTurnId?: string,
): Row[] {
  const known = new Map(turns.map(turn => [turn.turnId, turn]))
  const areOpen = linkedTurnId !== undefined && known.get(linkedTurnId)?.isRewound === true
  const places = placesOf(messages)
  const rows: Row[] = []
  const keys = new Map<string, number>()
  let fold: Extract<Row, { kind: 'rewound' }> | undefined
  messages.forEach((message, index) => {
    const { id, turnId, role, isRewound } = message
    const seen = keys.get(id) ?? 0
    keys.set(id, seen + 1)
    const key = seen === 0 ? id : `${id} ${seen}`
    if (!isRewound) fold = undefined
    else if (!fold) {
      const name = `rewound ${key}`
      fold = { kind: 'rewound', key: name, count: 0, isOpen: toggled.has(name) !== areOpen }
      rows.push(fold)
    }
    if (fold) fold.count++
    if (fold && !fold.isOpen) return
    const turn = turnId === null ? undefined : known.get(turnId)
    const place = turnId === null ? undefined : places.get(turnId)
    const isPrompt = role === 'user' && place?.first === index
    if (!isToldAtEnd(message, turn)) {
      rows.push({
        kind: 'message',
        key,
        message,
        ignoredMentions: (isPrompt && turn?.ignoredMentions) || none,
      })
    }
    if (turn && over.has(turn.status) && place?.last === index) {
      rows.push({ kind: 'turn', key: `turn ${turn.turnId}`, turn })
    }
  })
  // Turns that ended before their prompt was stored.
  for (const turn of turns) {
    if (over.has(turn.status) && !places.has(turn.turnId) && turn.error && !turn.isRewound) {
      rows.push({ kind: 'turn', key: `turn ${turn.turnId}`, turn })
    }
  }
  return rows
}

/** @returns the key of the row at which a turn begins: its prompt, if it is there; null: it has none */
export function findTurn(rows: readonly Row[], turnId: string): string | null {
  const ofTurn = rows.filter(
    row =>
      (row.kind === 'message' && row.message.turnId === turnId) ||
      (row.kind === 'turn' && row.turn.turnId === turnId),
  )
  const prompt = ofTurn.find(
    row => row.kind === 'message' && row.message.role === 'user' && !row.message.isSynthetic,
  )
  return (prompt ?? ofTurn[0])?.key ?? null
}
