import { z } from 'zod'
import { timestamp, turnIdentifier } from './primitives.ts'

/** The longest text of an activity, in characters; longer ones are cut. */
export const activityTextBound = 300

const since = timestamp.meta({ description: 'When it began' })
const id = z.string().meta({
  description:
    'The place of the activity: `main` for the main conversation, else the id of the tool call or of the task. An activity replaces the one with the same `id`',
})
const attempt = z.int().min(1).meta({ description: 'The number of the coming attempt, from 1' })
const maxAttempts = z
  .int()
  .min(0)
  .meta({ description: 'The number of attempts after which Claude Code gives up' })
const delayMs = z.int().min(0).meta({ description: 'Milliseconds from the failure to the attempt' })
const httpStatus = z
  .int()
  .nullable()
  .meta({ description: "The HTTP status of the model's API; null: there was no response" })
const reason = z.string().meta({
  description: "Claude Code's word for the error, such as `rate_limit`, `overloaded` or `server_error`",
})
const retryFields = {
  attempt,
  maxAttempts,
  delayMs,
  retryAt: timestamp.meta({ description: 'The time of the attempt' }),
  httpStatus,
  reason,
}
const taskFields = {
  id,
  since,
  toolUseId: z.string().nullable().meta({ description: 'The tool call that started it; null: none' }),
  description: z.string().meta({ description: `Cut to ${activityTextBound} characters` }),
  toolName: z.string().nullable().meta({ description: 'The tool that it used last; null: none yet' }),
  toolUses: z.int().min(0).meta({ description: 'The number of its tool calls so far' }),
  tokens: z.int().min(0).meta({ description: 'The tokens that it has used so far' }),
  summary: z.string().nullable().meta({ description: 'Its state in a sentence; null: it gives none' }),
}

/** An activity of Claude Code at this moment. */
export const activity = z
  .discriminatedUnion('kind', [
    z
      .strictObject({ kind: z.literal('model'), id, since })
      .meta({ description: "Waits for the model's answer to begin" }),
    z
      .strictObject({
        kind: z.literal('thinking'),
        id,
        since,
        tokens: z.int().min(0).meta({ description: 'An estimate of the tokens of thinking so far' }),
      })
      .meta({ description: 'The model thinks without showing it' }),
    z
      .strictObject({ kind: z.literal('retry'), id, since, ...retryFields })
      .meta({ description: "The model's API has failed; Claude Code waits and tries again" }),
    z
      .strictObject({ kind: z.literal('compacting'), id, since })
      .meta({ description: 'Claude Code summarizes the conversation to make room' }),
    z
      .strictObject({
        kind: z.literal('tool'),
        id,
        since,
        toolName: z.string().meta({ description: 'Name of the tool' }),
        parentToolUseId: z.string().nullable().meta({
          description:
            'The tool call that started the subagent which uses the tool; null: the main conversation',
        }),
        retry: z
          .strictObject(retryFields)
          .nullable()
          .meta({ description: "The subagent of this call waits to ask the model's API again; null: no" }),
      })
      .meta({ description: 'Claude has called a tool, which runs or waits for permission' }),
    z
      .strictObject({
        kind: z.literal('subagent'),
        ...taskFields,
        agent: z.string().nullable().meta({ description: 'Name of the agent; null: unknown' }),
      })
      .meta({ description: 'A subagent works, in the turn or in the background' }),
    z
      .strictObject({ kind: z.literal('task'), ...taskFields })
      .meta({ description: 'Another task works, such as a command in the background' }),
    z
      .strictObject({ kind: z.literal('done'), id })
      .meta({ description: 'The activity with this `id` is over; nothing has taken its place' }),
  ])
  .meta({ id: 'Activity', description: 'An activity of Claude Code, or its end' })

/** A sign of life beside the messages; never stored. */
export const activityEvent = z
  .strictObject({
    turnId: turnIdentifier.nullable().meta({
      description: 'The turn at work; null: background work of earlier turns, or autonomous work',
    }),
    activity,
  })
  .meta({
    id: 'ActivityEvent',
    description:
      'What Claude Code does at the moment. An activity lasts until one with the same `id` replaces it, or `done` ends it. Frequent reports of one activity are merged. A reader that joins later first gets the current activities',
  })

export type Activity = z.infer<typeof activity>
export type ActivityEvent = z.infer<typeof activityEvent>

/** A prompt that a person might send next; never stored. */
export const suggestionEvent = z
  .strictObject({
    turnId: turnIdentifier.meta({ description: 'The turn that it follows' }),
    text: z.string().meta({ description: 'The prompt' }),
  })
  .meta({
    id: 'SuggestionEvent',
    description:
      'A prompt that the person might send next, for sessions with `promptSuggestions`. It can come before or after the end of its turn, and counts until the next turn is queued. A reader that joins later gets the last one',
  })
export type SuggestionEvent = z.infer<typeof suggestionEvent>
