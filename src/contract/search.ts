import { z } from 'zod'
import {
  integerParameter,
  repeatableParameter,
  sessionIdentifier,
  tenantParameter,
  timestamp,
  turnIdentifier,
} from './primitives.ts'
import { tag } from './sessions.ts'

export const searchQuery = z.strictObject({
  q: z.string().min(1).max(200).meta({
    description:
      'Words that a text must have, all of them; words in double quotes must follow each other. Case and accents do not matter, and the last word can be the beginning of one. At most 16 words',
  }),
  tenant: tenantParameter,
  archived: z.enum(['false', 'true', 'all']).default('all').meta({
    description: '`false`: without archived sessions; `true`: only archived sessions; `all`: both',
  }),
  tag: repeatableParameter(tag, 20).meta({
    description: 'Only in sessions with this tag; several, as in `tag=a&tag=b`: with all of them',
  }),
  limit: integerParameter(1, 50).default(20).meta({ description: 'Results per page' }),
  cursor: z.string().min(1).max(200).optional().meta({ description: '`nextCursor` of the previous page' }),
})

const offset = z.int().min(0)
export const searchResult = z
  .strictObject({
    sessionId: sessionIdentifier,
    sessionTitle: z.string().nullable().meta({ description: 'The title of the session; null: none' }),
    turnId: turnIdentifier
      .nullable()
      .meta({ description: 'The turn; null: the title of the session was found' }),
    field: z.enum(['title', 'prompt', 'answer']).meta({
      description: "The text that was found: the session's title, or the turn's prompt or response",
    }),
    snippet: z.string().meta({
      description:
        'The part of the text around the first match, plain text on one line; `…` stands for what is left out',
    }),
    matches: z
      .array(
        z
          .strictObject({
            start: offset.meta({ description: 'Where it begins in `snippet`, in UTF-16 code units' }),
            end: offset.meta({ description: 'Where it ends, exclusive' }),
          })
          .meta({ id: 'SearchMatch' }),
      )
      .meta({ description: 'The words that were found in the snippet, in their order' }),
    timestamp: timestamp.meta({
      description:
        'When the prompt was accepted or the answer was complete; of a title, the last activity of the session before it was given',
    }),
  })
  .meta({ id: 'SearchResult' })

export const searchResponse = z
  .strictObject({
    results: z.array(searchResult).meta({
      description: 'Newest first. A page can have fewer than `limit`, or none, and be followed by another',
    }),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'The `cursor` of the next page; null: this is the last page' }),
  })
  .meta({ id: 'SearchResponse' })

export type SearchResult = z.infer<typeof searchResult>
export type SearchResponse = z.infer<typeof searchResponse>
