import type { OutputFormat } from '../../contract/output-format.ts'
import { schemaChecks } from '../../lib/schema-checks.ts'
import type { TurnOutcome } from '../../sessions/ports/index.ts'
import { noOutput } from '../process/findings.ts'
import { type TurnSigns, toOutcome } from './outcome.ts'

/**
 * Returns the outcome of a turn, with its structured output validated against the schema. This runs in the worker
 * thread, because both are untrusted. See `toOutcome`.
 */
export function toCheckedOutcome(
  signs: TurnSigns,
  costBefore: number | null,
  format: OutputFormat | undefined,
): Promise<TurnOutcome> {
  return withCheckedOutput(toOutcome(signs, costBefore, format), format)
}

async function withCheckedOutput(
  outcome: TurnOutcome,
  format: OutputFormat | undefined,
): Promise<TurnOutcome> {
  if (!format || outcome.status !== 'completed' || outcome.structuredOutput === undefined) return outcome
  const verdict = await schemaChecks.checkOutput(format.schema, outcome.structuredOutput)
  if (verdict.kind === 'fits') return outcome
  const where = verdict.kind === 'flaw' ? ['the answer', ...verdict.path].join('/') : 'the check'
  const { stopReason: _, structuredOutput: __, ...figures } = outcome
  return {
    ...figures,
    status: 'failed',
    failure: noOutput(`The answer does not match the schema of outputFormat: ${where} ${verdict.message}`),
    unavailable: false,
  }
}
