import { z } from 'zod'
import { findJsonFlaw } from '../lib/json-flaws.ts'
import { toRequirement } from '../lib/zod-requirement.ts'
import { invalidField, invalidRequest } from './errors.ts'
import { checkInlineBlock } from './inline-content.ts'
import { answerPermissionRequest } from './permissions.ts'
import { IssueList } from './request-issues.ts'
import { createSessionRequest, patchSessionRequest } from './sessions.ts'
import { prompt } from './turns.ts'

/** The deepest JSON of a body; see `http/json-body.ts`. */
const deepest = 64

// A door that sends several requests checks all of them before the first, whose effects stay.

/**
 * Checks all of a prompt that can be checked without its session.
 *
 * @throws ServiceError INVALID_REQUEST, PAYLOAD_TOO_LARGE, as `POST /sessions/:id/messages` does
 */
export function checkPrompt(value: unknown): void {
  const input = check(z.strictObject({ prompt }), { prompt: value })
  if (typeof input.prompt === 'string') return
  for (const [index, block] of input.prompt.entries()) checkInlineBlock(block, `prompt[${index}]`)
}

/**
 * Checks the form of an answer to a request; whether it fits the request is known where the request is.
 *
 * @throws ServiceError INVALID_REQUEST, as `POST /sessions/:id/permissions/:id` does
 */
export function checkAnswer(value: unknown): void {
  check(answerPermissionRequest, value)
}

/** @throws ServiceError INVALID_REQUEST, as `POST /sessions` does */
export function checkNewSession(value: unknown): void {
  check(createSessionRequest, value)
}

/** @throws ServiceError INVALID_REQUEST, as `PATCH /sessions/:id` does */
export function checkChanges(value: unknown): void {
  check(patchSessionRequest, value)
}

function check<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const flaw = findJsonFlaw(value, deepest)
  if (flaw) throw invalidField(flaw.path, flaw.message)
  const { success, data, error } = schema.safeParse(value, { error: toWords })
  if (success) return data
  const issues = new IssueList()
  issues.add(error.issues)
  throw invalidRequest(issues.listed, issues.total)
}

/** People read the errors of doors; undefined: zod's words, by which the list of issues knows a missing field. */
function toWords(issue: z.core.$ZodRawIssue): string | undefined {
  return issue.input === undefined ? undefined : toRequirement(issue)
}
