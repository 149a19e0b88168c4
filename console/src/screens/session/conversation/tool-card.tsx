import { Check, Hand, LoaderCircle, X } from 'lucide-react'
import type { ReactNode } from 'react'
import type { MessageView, ToolCallView } from '../../../../../src/client/index.ts'
import { cx } from '../../../lib/class-names.ts'
import { countOf } from '../../../lib/format.ts'
import { describeCall, describeTool } from '../../../tools/describe-call.ts'
import { ToolIcon } from '../../../tools/tool-icon.tsx'
import { ToolInput } from '../../../tools/tool-input.tsx'
import { ToolResult } from '../../../tools/tool-result.tsx'
import { Fold } from '../../../ui/fold.tsx'
import { useIsAsked } from './asked-calls.ts'

/** Calls that are worth seeing without a click. */
const open = new Set(['Edit', 'MultiEdit', 'Write', 'TodoWrite'])

interface ToolCardProps {
  call: ToolCallView
  isRunning: boolean
  /** Renders the messages of its subagent, which may hold calls themselves. */
  renderMessage: (message: MessageView) => ReactNode
}

/** A tool call: what it does, with what result, and the conversation of the subagent that it started. */
export function ToolCard({ call, isRunning, renderMessage }: ToolCardProps) {
  const { id, name, inputText, updatedInput, result, messages } = call
  const input = updatedInput ?? call.input
  const isAsked = useIsAsked(id)
  if (name === null) return <PartialCall inputText={inputText} />
  const state = stateOf(call, isRunning, isAsked)
  return (
    <Fold
      name={id && `call ${id}`}
      isOpen={open.has(name) && !isAsked}
      className={cx('rounded-lg border bg-raised', state === 'failed' ? 'border-bad' : 'border-line')}
      title={
        <>
          <ToolIcon name={name} className="size-4 shrink-0 text-muted" />
          <span className="max-w-1/2 shrink-0 truncate font-medium">{describeTool(name)}</span>
          <bdi className="min-w-0 truncate font-mono text-xs text-muted">{describeCall(name, input)}</bdi>
        </>
      }
      aside={<CallState state={state} />}
    >
      {updatedInput !== null && <p className="text-xs text-warn">A person changed this input.</p>}
      <ToolInput name={name} input={input} />
      {messages.length > 0 && (
        <Fold
          name={id && `thread ${id}`}
          title={
            <span className="text-xs text-muted">{countOf(messages.length, 'message')} of the subagent</span>
          }
          isOpen={result === null}
          className="border-l-2 border-line"
        >
          {messages.map((message, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: A thread grows at its end alone.
            <div key={index} className={cx(message.role === 'user' && 'rounded-md bg-surface p-2')}>
              {renderMessage(message)}
            </div>
          ))}
        </Fold>
      )}
      {result && <ToolResult name={name} input={input} result={result} />}
    </Fold>
  )
}

function stateOf(
  { result }: ToolCallView,
  isRunning: boolean,
  isAsked: boolean,
): keyof typeof states | 'none' {
  if (result !== null) return result.isError ? 'failed' : 'done'
  if (isAsked) return 'asked'
  return isRunning ? 'running' : 'none'
}

/** A call while the model still writes it. */
function PartialCall({ inputText }: { inputText: string }) {
  return (
    <div className="flex min-w-0 items-center gap-2 rounded-lg border border-line bg-raised px-2 py-1 text-muted">
      <LoaderCircle aria-hidden className="size-3.5 shrink-0" />
      <span className="shrink-0">Preparing a call</span>
      <bdi className="truncate font-mono text-xs">{inputText.slice(-200)}</bdi>
    </div>
  )
}

const states = {
  running: { label: 'Running', icon: LoaderCircle, className: 'text-accent-strong motion-safe:animate-spin' },
  asked: { label: 'Waits for you', icon: Hand, className: 'text-warn' },
  done: { label: 'Done', icon: Check, className: 'text-good' },
  failed: { label: 'Failed', icon: X, className: 'text-bad' },
}

function CallState({ state }: { state: keyof typeof states | 'none' }) {
  if (state === 'none') return <span className="text-2xs text-muted">no result</span>
  const { label, icon: Icon, className } = states[state]
  return <Icon role="img" aria-label={label} className={cx('size-4 shrink-0', className)} />
}
