import type { SessionUpdate } from '@agentclientprotocol/sdk'
import type { ClaudeCodeClient, StoredMessage } from '../../client/index.ts'
import type { MessageUpdates } from './message-updates.ts'

const pageSize = 100

/** The updates of the conversation up to an event, page by page. What a rewind has taken out is left out. */
export async function* replay(
  api: ClaudeCodeClient,
  sessionId: string,
  lastSequence: number,
  updates: MessageUpdates,
): AsyncGenerator<SessionUpdate, void> {
  let cursor: string | undefined
  do {
    const query = { limit: pageSize, cursor }
    const page = await api.call('listMessages', { params: { sessionId }, query })
    for (const message of page.messages as StoredMessage[]) {
      if (message.sequence > lastSequence) return
      if (message.rewound) continue
      const { content, sequence, turnId, synthetic } = message
      yield* updates.ofMessage({
        message: content,
        sequence,
        ...(turnId !== null && { turnId }),
        ...(synthetic && { synthetic }),
      })
    }
    cursor = page.pagination.nextCursor ?? undefined
  } while (cursor !== undefined)
}
