import { z } from 'zod'
import type { UiMessage } from './chat-request.ts'
import { check } from './checking.ts'

const approval = z.looseObject({
  id: z.string(),
  approved: z.boolean().optional(),
  reason: z.string().optional(),
})
const call = z.looseObject({
  toolCallId: z.string().min(1),
  state: z.enum([
    ...(['input-streaming', 'input-available', 'approval-requested', 'approval-responded'] as const),
    ...(['output-available', 'output-error', 'output-denied'] as const),
  ]),
  approval: approval.optional(),
  errorText: z.string().optional(),
})
const decidedCall = call.extend({ approval: approval.extend({ approved: z.boolean() }) })

/** A tool call in the client's message. */
export interface CallPart extends z.infer<typeof call> {
  /** The place in the request, such as `messages.1.parts.0`. */
  path: string
}

/** @throws Refusal that names the field */
export function readCalls({ parts }: UiMessage, messagePath: string): CallPart[] {
  return parts.flatMap((part, index) => {
    if (part.type !== 'dynamic-tool' && !part.type.startsWith('tool-')) return []
    const path = `${messagePath}.parts.${index}`
    return { ...check(part.state === 'approval-responded' ? decidedCall : call, part, path), path }
  })
}
