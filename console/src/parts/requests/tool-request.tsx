import { useState } from 'react'
import { revealText } from '../../lib/revealed-text.ts'
import { deciding, useShortcut } from '../../lib/shortcuts.ts'
import { ToolInput } from '../../tools/tool-input.tsx'
import { Button } from '../../ui/button.tsx'
import { ScrollRegion } from '../../ui/scroll-region.tsx'
import { Kbd } from '../../ui/small-parts.tsx'
import { DenyForm } from './deny-form.tsx'
import { InputEditor } from './input-editor.tsx'
import { repeats } from './repeats.ts'
import { SuggestionMenu } from './suggestion-menu.tsx'
import type { RequestBodyProps } from './use-answer.ts'

/** The answers that allow stand in one line, and so do the others: on a phone, two lines as wide as the card. */
const group = 'flex flex-wrap gap-2 max-sm:basis-full'

/** A tool call that waits for permission: its input as a person reads it, and the four answers. */
export function ToolRequest({ request, answer, active }: RequestBodyProps) {
  const [mode, setMode] = useState<'choose' | 'edit' | 'deny'>('choose')
  const isOpen = mode === 'choose' && !answer.isPending && !answer.isSuccess
  const allow = () => answer.mutate({ decision: 'allow' })
  const allowForSession = () => answer.mutate({ decision: 'allow', remember: 'session' })
  const keys = active && isOpen
  useShortcut('a', 'Allow', deciding, allow, keys)
  useShortcut('s', 'Allow for the session', deciding, allowForSession, keys)
  useShortcut('e', 'Edit the input', deciding, () => setMode('edit'), keys)
  useShortcut('d', 'Deny with a word', deciding, () => setMode('deny'), keys)
  const back = () => setMode('choose')
  const description = repeats(request.input, request.description) ? null : request.description
  return (
    <>
      <ScrollRegion label="Input" className="flex max-h-[60dvh] flex-col gap-2 p-3">
        {request.title !== null && (
          <p className="break-words">
            <bdi>{revealText(request.title)}</bdi>
          </p>
        )}
        {description !== null && (
          <p className="text-xs break-words text-muted">
            <bdi>{revealText(description)}</bdi>
          </p>
        )}
        <ToolInput name={request.toolName} input={request.input} />
      </ScrollRegion>
      {mode === 'deny' && <DenyForm answer={answer} onCancel={back} />}
      {mode === 'edit' && <InputEditor input={request.input} answer={answer} onCancel={back} />}
      {mode === 'choose' && (
        <div className="flex flex-wrap items-center justify-between gap-2 border-t border-line p-3">
          <div className={group}>
            <Button variant="primary" busy={answer.isPending} onClick={allow} className="grow">
              Allow {active && <Hint>a</Hint>}
            </Button>
            <Button busy={answer.isPending} onClick={allowForSession} className="grow">
              Allow for session {active && <Hint>s</Hint>}
            </Button>
            <SuggestionMenu request={request} answer={answer} />
          </div>
          <div className={group}>
            <Button
              disabled={answer.isPending}
              onClick={() => setMode('edit')}
              className="grow sm:border-transparent sm:bg-transparent"
            >
              Edit {active && <Hint>e</Hint>}
            </Button>
            <Button
              variant="danger"
              disabled={answer.isPending}
              onClick={() => setMode('deny')}
              className="grow"
            >
              Deny {active && <Hint>d</Hint>}
            </Button>
          </div>
        </div>
      )}
    </>
  )
}

/** The key, where there is a keyboard. */
function Hint({ children }: { children: string }) {
  return (
    <span aria-hidden className="hidden pointer-fine:inline">
      <Kbd>{children}</Kbd>
    </span>
  )
}
