import { type FormEvent, useState } from 'react'
import type { HookOutput, HookRequest } from '../../../../src/client/index.ts'
import { Button } from '../../ui/button.tsx'
import { Field, TextArea } from '../../ui/form.tsx'
import { ScrollRegion } from '../../ui/scroll-region.tsx'
import { HookInput } from './hook-input.tsx'
import type { RequestBodyProps } from './use-answer.ts'

type Event = HookRequest['event']

/** The effect of a refusal at an event; at the others there is nothing to refuse. */
const refusals: Partial<Record<Event, string>> = {
  PreToolUse: 'Refuse the call',
  UserPromptSubmit: 'Refuse the prompt',
  PostToolUse: 'Object to the result',
  Stop: 'Have Claude continue',
  SubagentStop: 'Have it continue',
}

function toRefusal(event: Event, reason: string): HookOutput {
  if (event !== 'PreToolUse') return { decision: 'block', reason }
  return {
    hookSpecificOutput: {
      hookEventName: event,
      permissionDecision: 'deny',
      ...(reason !== '' && { permissionDecisionReason: reason }),
    },
  }
}

/** An event that the caller's program decides about: a person can decide in its place. */
export default function HookRequestBody({ request, answer }: RequestBodyProps) {
  const [reason, setReason] = useState('')
  const event = request.hook?.event
  const refusal = event && refusals[event]
  const submit = (submitted: FormEvent) => {
    submitted.preventDefault()
    answer.mutate({ output: {} })
  }
  return (
    <>
      <ScrollRegion label="Input" className="flex max-h-[60dvh] flex-col gap-2 p-3">
        <p className="text-xs text-muted">
          Claude Code waits for the hook <code>{event}</code> of a program. You can decide in its place.
        </p>
        <HookInput request={request} />
      </ScrollRegion>
      <form onSubmit={submit} className="flex flex-col gap-2 border-t border-line p-3">
        {refusal !== undefined && (
          <Field label="A reason, for Claude" hint="It may stay empty.">
            {props => (
              <TextArea
                {...props}
                rows={2}
                value={reason}
                onChange={change => setReason(change.target.value)}
              />
            )}
          </Field>
        )}
        <div className="flex flex-wrap justify-end gap-2">
          {event !== undefined && refusal !== undefined && (
            <Button
              variant="danger"
              disabled={answer.isPending}
              onClick={() => answer.mutate({ output: toRefusal(event, reason.trim()) })}
            >
              {refusal}
            </Button>
          )}
          <Button type="submit" variant="primary" busy={answer.isPending}>
            {event === 'Stop' || event === 'SubagentStop' ? 'Let it end' : 'Continue'}
          </Button>
        </div>
      </form>
    </>
  )
}
