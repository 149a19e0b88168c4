import { z } from 'zod'
import { integerParameter, sessionIdentifier, tenantName, tenantParameter } from './primitives.ts'
import { modelUsage, usage } from './turns.ts'

export const sessionUsage = z
  .strictObject({
    sessionId: sessionIdentifier,
    turns: z.int().min(0).meta({ description: 'Turns that have started' }),
    activeMs: z.int().min(0).meta({
      description: 'The sum of the durations of turns and autonomous work; a running turn counts up to now',
    }),
    tokens: usage.meta({ description: 'All known tokens' }),
    tokensComplete: z.boolean().meta({
      description:
        'false: the tokens of some turn (a running or lost one) or of some autonomous work are not known',
    }),
    costUsd: z
      .number()
      .min(0)
      .meta({ description: 'The known cost in US dollars, as estimated by Claude Code' }),
    costComplete: z.boolean().meta({
      description:
        'false: some cost is not known and not in `costUsd`: of a turn that is running, was lost, was interrupted before its answer began, or whose process died; or of such autonomous work',
    }),
    betweenTurns: z
      .strictObject({
        times: z.int().min(0).meta({ description: 'How often Claude continued on its own' }),
        activeMs: z.int().min(0).meta({ description: 'The sum of the durations' }),
        tokens: usage,
        costUsd: z.number().min(0).meta({ description: 'The known cost in US dollars' }),
      })
      .meta({
        description: 'The part of these sums that belongs to no turn: autonomous work after background tasks',
      }),
    models: z.array(modelUsage).meta({
      description: 'The same per model, highest cost first; turns whose share is not known are left out',
    }),
  })
  .meta({ id: 'SessionUsage' })

export type SessionUsage = z.infer<typeof sessionUsage>

/** The properties by which usage can be told apart, in the order in which rows are sorted. */
export const usageDimensions = ['tenant', 'session', 'day', 'key', 'model'] as const
export type UsageDimension = (typeof usageDimensions)[number]
/** The field of a row that has a property. */
export const usageFields = {
  day: 'day',
  tenant: 'tenant',
  key: 'key',
  session: 'sessionId',
  model: 'model',
} as const satisfies Record<UsageDimension, string>

/** Bounds what the database has to add up for one page. */
export function longestUsageReportDays(groupBy: readonly UsageDimension[]): number {
  return groupBy.includes('session') ? 31 : 366
}

const day = z.iso.date()

function isListOfDimensions(text: string): boolean {
  const names = text.split(',')
  return new Set(names).size === names.length && names.every(name => dimensionNames.has(name))
}
const dimensionNames: ReadonlySet<string> = new Set(usageDimensions)

export const usageReportQuery = z.strictObject({
  tenant: tenantParameter,
  from: day.optional().meta({ description: 'The first day (UTC); default: the first of the month of `to`' }),
  to: day.optional().meta({ description: 'The last day (UTC), included; default: today' }),
  groupBy: z
    .string()
    .default('day')
    .refine(
      isListOfDimensions,
      `must be one of ${usageDimensions.join(', ')}, or several with commas between them, each once`,
    )
    .meta({
      description:
        'One or more of `tenant`, `session`, `day`, `key` and `model`, with commas between them. Rows are sorted by them, in this order. A report by session covers at most 31 days, others 366, and lacks sessions that were removed',
    }),
  key: z.string().min(1).max(200).optional().meta({ description: 'Only the usage of the key with this id' }),
  format: z
    .enum(['json', 'csv'])
    .optional()
    .meta({ description: 'Default: `csv` if `Accept` prefers `text/csv`, else `json`' }),
  limit: integerParameter(1, 10_000).default(1_000).meta({ description: 'Rows per page' }),
  cursor: z.string().min(1).max(2_000).optional().meta({ description: '`nextCursor` of the previous page' }),
})

const count = z.int().min(0)

export const usageRow = z
  .strictObject({
    day: z.iso.date().optional().meta({ description: 'The day (UTC) on which turns ended' }),
    key: z.string().optional().meta({ description: 'The id of the API key that is charged' }),
    sessionId: sessionIdentifier.optional(),
    model: z.string().nullable().optional().meta({
      description: 'The model; null: the usage whose model is not known',
    }),
    tenant: tenantName.optional().meta({ description: 'The tenant' }),
    turns: count
      .optional()
      .meta({ description: 'Turns that have ended; absent by model, because a turn can use several' }),
    autonomousWork: count.optional().meta({
      description: 'How often Claude continued on its own between turns; absent by model',
    }),
    activeMs: count.optional().meta({
      description: 'The sum of the durations of turns and autonomous work; absent by model',
    }),
    tokens: usage.meta({ description: 'All known tokens' }),
    tokensComplete: z.boolean().meta({ description: 'false: the tokens of some turn or work are not known' }),
    costUsd: z.number().min(0).meta({
      description: 'The known cost in US dollars, as estimated by Claude Code, in millionths',
    }),
    costComplete: z.boolean().meta({ description: 'false: some cost is not known and not in `costUsd`' }),
    webSearchRequests: count.meta({ description: 'Web searches' }),
  })
  .meta({ id: 'UsageRow', description: 'The usage of a group; it has the fields that `groupBy` names' })

export const usageReport = z
  .strictObject({
    from: z.iso.date().meta({ description: 'The first day (UTC)' }),
    to: z.iso.date().meta({ description: 'The last day (UTC), included' }),
    rows: z.array(usageRow).meta({ description: 'The groups of this page' }),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'The `cursor` of the next page; null: this is the last page' }),
  })
  .meta({ id: 'UsageReport' })

export type UsageRow = z.infer<typeof usageRow>
export type UsageReport = z.infer<typeof usageReport>
