import type { PermissionOption } from '@agentclientprotocol/sdk'
import type { AnswerPermissionRequest, PermissionRequest } from '../../client/index.ts'
import { type Asked, type Outcome, select } from './choosing.ts'
import { askForm, askQuestions } from './elicitation.ts'

const allowOnce: PermissionOption = { optionId: 'allow', name: 'Allow', kind: 'allow_once' }
const allowAlways: PermissionOption = {
  optionId: 'allow_always',
  name: 'Allow for this session',
  kind: 'allow_always',
}
const reject: PermissionOption = { optionId: 'reject', name: 'Reject', kind: 'reject_once' }

const answers: Readonly<Record<string, AnswerPermissionRequest>> = {
  allow: { decision: 'allow' },
  allow_always: { decision: 'allow', remember: 'session' },
  accept_edits: { decision: 'allow', permissionMode: 'acceptEdits' },
  reject: { decision: 'deny' },
}

const planOptions: PermissionOption[] = [
  { optionId: 'accept_edits', name: 'Yes, and accept edits', kind: 'allow_always' },
  { optionId: 'allow', name: 'Yes, and ask before edits', kind: 'allow_once' },
  { optionId: 'reject', name: 'No, keep planning', kind: 'reject_once' },
]

/** Asks the person at the client. The signal aborts when the request is over: answered elsewhere, or withdrawn. */
export async function ask(to: Asked, request: PermissionRequest, signal: AbortSignal): Promise<Outcome> {
  switch (request.kind) {
    case 'question':
      return askQuestions(to, request, signal)
    case 'elicitation':
      return askForm(to, request, signal)
    case 'plan':
      return choose(to, request, planOptions, signal)
    default:
      return choose(to, request, [allowOnce, allowAlways, reject], signal)
  }
}

async function choose(
  to: Asked,
  request: PermissionRequest,
  options: PermissionOption[],
  signal: AbortSignal,
): Promise<Outcome> {
  const chosen = await select(to, request, options, signal)
  return chosen === 'cancelled' ? chosen : (answers[chosen] ?? { decision: 'deny' })
}
