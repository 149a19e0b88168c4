import { describe, expect, test } from 'vitest'
import { type OperationId, operations } from '../../src/contract/operations.ts'
import type { PermissionKind } from '../../src/contract/permissions.ts'
import { toPermissionAnswer } from '../../src/sessions/permissions/permission-answers.ts'
import type { PermissionRecord } from '../../src/sessions/records.ts'

/** Fields that would be accepted and have no effect. */
const bodies: [OperationId, object, string][] = [
  ['sendMessage', { prompt: 'x', background: true, stream: true }, 'background'],
  ['sendMessage', { prompt: 'x', background: true, onDisconnect: 'interrupt' }, 'onDisconnect'],
  ['sendMessage', { prompt: 'x', commands: true, onBusy: 'steer' }, 'onBusy'],
  ['sendMessage', { prompt: 'x', includeDeltas: true }, 'includeDeltas'],
  ['streamMessage', { prompt: 'x', background: true }, 'background'],
  ['streamMessage', { prompt: 'x', stream: true }, 'stream'],
  ['rewindSession', { toTurnId: 't', overwriteOthers: true }, 'overwriteOthers'],
  ['rewindSession', { toTurnId: 't', conversation: false }, 'conversation'],
  ['answerPermission', { decision: 'allow', remember: { suggestions: [] } }, 'remember.suggestions'],
  ['answerPermission', { decision: 'allow', remember: { suggestions: [0], rules: [] } }, 'remember'],
  ['patchSession', { cwd: '/' }, 'cwd'],
  ['interruptSession', { turn: 'x' }, 'turn'],
]

test.each(bodies)('%s with %j names %s', (id, body, field) => {
  const issues = operations[id].body?.safeParse(body).error?.issues ?? []
  expect(issues.length).toBeGreaterThan(0)
  const named = issues.flatMap(issue => [
    issue.path.join('.'),
    ...(issue.code === 'unrecognized_keys' ? issue.keys : []),
  ])
  expect(named).toContain(field)
})

const fields = {
  message: 'because',
  updatedInput: { command: 'ls' },
  remember: 'session',
  interrupt: true,
  answers: { 'Which?': 'one' },
  permissionMode: 'plan',
  content: { name: 'x' },
}
type Field = keyof typeof fields

/** What has an effect, for each kind of request and each decision. */
const meaningful: Record<PermissionKind, { allow: Field[]; deny: Field[] }> = {
  tool: { allow: ['message', 'updatedInput', 'remember'], deny: ['message', 'interrupt'] },
  question: { allow: ['message', 'answers'], deny: ['message', 'interrupt'] },
  plan: { allow: ['message', 'permissionMode'], deny: ['message', 'interrupt'] },
  elicitation: { allow: ['content'], deny: ['interrupt'] },
  client_tool: { allow: [], deny: [] },
  hook: { allow: [], deny: [] },
}

describe('an answer', () => {
  const cases = Object.entries(meaningful).flatMap(([kind, decisions]) =>
    (['allow', 'deny'] as const).flatMap(decision =>
      (Object.keys(fields) as Field[]).map(
        field => [kind as PermissionKind, decision, field, decisions[decision].includes(field)] as const,
      ),
    ),
  )

  test.each(cases)(
    'to a request of kind %s with %s and %s has an effect: %s',
    (kind, decision, field, has) => {
      const needed = kind === 'question' && decision === 'allow' ? { answers: fields.answers } : {}
      const body = { decision, interrupt: false, ...needed, [field]: fields[field] }
      const answer = () => toPermissionAnswer(requestOf(kind), body as never)
      if (kind === 'client_tool' || kind === 'hook') expect(answer).toThrow(/^decision: means nothing/)
      else if (has) expect(answer().answer.allow).toBe(decision === 'allow')
      else expect(answer).toThrow(new RegExp(`^${field}: means nothing with decision ${decision}`))
    },
  )
})

function requestOf(kind: PermissionKind): PermissionRecord {
  const form = { type: 'object', properties: { name: { type: 'string' } } }
  return {
    id: 'p',
    tenantId: 'default',
    sessionId: 's',
    turnId: 't',
    kind,
    toolName: 'Bash',
    toolUseId: 'toolu_1',
    request: {
      agentId: null,
      input: kind === 'question' ? { questions: [{ question: 'Which?' }] } : { command: 'make' },
      title: null,
      description: null,
      suggestions: [],
      elicitation:
        kind === 'elicitation'
          ? { serverName: 's', message: 'm', mode: 'form', requestedSchema: form }
          : null,
    },
    status: 'pending',
    answer: null,
    runsWith: null,
    requestedAt: 0,
    expiresAt: 1,
    decidedAt: null,
    decidedBy: null,
    message: null,
    updatedInput: null,
    remembered: [],
  }
}
