import { useState } from 'react'
import { revealText } from '../../lib/revealed-text.ts'
import { deciding, useShortcut } from '../../lib/shortcuts.ts'
import { ToolInput } from '../../tools/tool-input.tsx'
import { Button } from '../../ui/button.tsx'
import { ScrollRegion } from '../../ui/scroll-region.tsx'
import { Kbd } from '../../ui/small-parts.tsx'
import { DenyForm } from './deny-form.tsx'
import { InputEditor } from './input-editor.tsx'
import { SuggestionMenu } from './suggestion-menu.tsx'
import type { RequestBodyProps } from './use-answer.ts'

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
  return (
    <>
      <ScrollRegion label="Input" className="flex max-h-[60dvh] flex-col gap-2 p-3">
        {request.title !== null && (
          <p className="break-words">
            <bdi>{revealText(request.title)}</bdi>
          </p>
        )}
        {request.description !== null && (
          <p className="text-xs break-words text-muted">
            <bdi>{revealText(request.description)}</bdi>
          </p>
        )}
        <ToolInput name={request.toolName} input={request.input} />
      </ScrollRegion>
      {mode === 'deny' && <DenyForm answer={answer} onCancel={back} />}
      {mode === 'edit' && <InputEditor input={request.input} answer={answer} onCancel={back} />}
      {mode === 'choose' && (
        <div className="flex flex-wrap items-center gap-2 border-t border-line p-3">
          <Button variant="primary" busy={answer.isPending} onClick={allow} className="flex-1 sm:flex-none">
            Allow {active && <Hint>a</Hint>}
          </Button>
          <Button busy={answer.isPending} onClick={allowForSession} className="flex-1 sm:flex-none">
            Allow for session {active && <Hint>s</Hint>}
          </Button>
          <SuggestionMenu request={request} answer={answer} />
          <span className="hidden flex-1 sm:block" />
          <Button variant="ghost" disabled={answer.isPending} onClick={() => setMode('edit')}>
            Edit {active && <Hint>e</Hint>}
          </Button>
          <Button variant="danger" disabled={answer.isPending} onClick={() => setMode('deny')}>
            Deny {active && <Hint>d</Hint>}
          </Button>
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
