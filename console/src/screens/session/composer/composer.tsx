import { ArrowUp, Paperclip, Settings2, Sparkles, Square } from 'lucide-react'
import { useRef, useState } from 'react'
import type { Conversation, Session, SessionStatus, SubmitOptions } from '../../../../../src/client/index.ts'
import { client } from '../../../api/connection.ts'
import { useMay } from '../../../api/login-context.tsx'
import { outbox } from '../../../api/use-outbox.ts'
import { cx } from '../../../lib/class-names.ts'
import { modeNames } from '../../../lib/mode-names.ts'
import { useShortcut } from '../../../lib/shortcuts.ts'
import { useStored } from '../../../lib/stored.ts'
import { Button, IconButton } from '../../../ui/button.tsx'
import { Segmented } from '../../../ui/form.tsx'
import { say, sayError } from '../../../ui/toasts.tsx'
import { AttachmentList } from './attachment-list.tsx'
import { ClosedNotice } from './closed-notice.tsx'
import { PromptField } from './prompt-field.tsx'
import { SettingsDialog } from './settings-dialog.tsx'
import { type Attachments, toPrompt } from './use-attachments.ts'
import { useFileDrop } from './use-file-drop.ts'

interface ComposerProps {
  session: Session
  conversation: Conversation
  attachments: Attachments
}

type WhenBusy = 'queue' | 'steer' | 'interrupt'

const whenBusy: readonly { value: WhenBusy; label: string; hint: string }[] = [
  { value: 'queue', label: 'Queue', hint: 'Waits until Claude has finished' },
  { value: 'steer', label: 'Steer', hint: 'Claude reads it at its next step, and continues' },
  { value: 'interrupt', label: 'Interrupt', hint: 'Stops Claude, and runs this instead' },
]

/** How soon a second Escape stops the turn, in milliseconds. */
const twiceMs = 1_000

/** The status as it is known first: the session is read again after its events. */
function statusOf({ status }: Session, { status: live }: Conversation): SessionStatus {
  return status === 'active' ? live : status
}

/** Commands and mentions are for Claude Code to resolve; it cannot do so in a turn that runs already. */
function howToSend(text: string, onBusy: WhenBusy | null): SubmitOptions {
  if (/^\/[\w:.-]+(\s|$)/.test(text)) {
    return { commands: true, ...(onBusy && { onBusy: onBusy === 'steer' ? 'queue' : onBusy }) }
  }
  const hasMention = /(^|\s)@\S/.test(text) && onBusy !== 'steer'
  return { ...(hasMention && { commands: true }), ...(onBusy && { onBusy }) }
}

/** Writes the next prompt, and stops what runs. */
export function Composer({ session, conversation, attachments }: ComposerProps) {
  const { sessionId, config } = session
  const mayWrite = useMay('sessions:write')
  const field = useRef<HTMLTextAreaElement>(null)
  const chooser = useRef<HTMLInputElement>(null)
  const [draft, setDraft] = useStored(`draft.${sessionId}`)
  const [onBusy, setOnBusy] = useState<WhenBusy>('queue')
  const [isSetting, setSetting] = useState(false)
  const lastEscape = useRef(0)
  const status = statusOf(session, conversation)
  const isOpen = mayWrite && status === 'active'
  const isDropping = useFileDrop(isOpen, attachments.add)
  const text = draft ?? ''
  const isBusy = conversation.state !== 'idle'
  const canSend = isOpen && !attachments.isUploading && (text.trim() !== '' || attachments.pending.length > 0)

  const send = () => {
    if (!canSend) return
    const { pending } = attachments
    const prompt = { prompt: toPrompt(text, pending), text, files: pending }
    outbox.send(sessionId, prompt, howToSend(text, isBusy ? onBusy : null))
    setDraft(null)
    attachments.clear()
  }
  const takeSuggestion = (suggestion: string | null) => {
    setDraft(suggestion)
    field.current?.focus()
  }
  const stop = async () => {
    try {
      await client.session(sessionId).interrupt()
    } catch (error) {
      sayError(error)
    }
  }
  const onEscape = () => {
    if (!isBusy) return
    const now = Date.now()
    if (now - lastEscape.current < twiceMs) stop()
    else say('Press Escape again to stop Claude')
    lastEscape.current = now
  }
  useShortcut('Escape Escape', 'Stop Claude', 'Session', stop, isBusy && mayWrite)
  useShortcut('i', 'Write a prompt', 'Session', () => field.current?.focus(), isOpen)

  if (status !== 'active') return <ClosedNotice sessionId={sessionId} status={status} />
  if (!mayWrite) {
    return <p className="py-3 text-center text-muted">Your key may read this session, but not write to it.</p>
  }
  return (
    <div className="pt-2 pb-[max(0.5rem,env(safe-area-inset-bottom))]">
      {conversation.suggestion !== null && text === '' && !isBusy && (
        <Button
          size="small"
          className="mb-2 max-w-full"
          onClick={() => takeSuggestion(conversation.suggestion)}
        >
          <Sparkles aria-hidden className="size-3.5 shrink-0" />
          <bdi className="truncate">{conversation.suggestion}</bdi>
        </Button>
      )}
      <div
        className={cx(
          'rounded-xl border bg-canvas focus-within:border-accent',
          isDropping ? 'border-accent bg-accent-soft' : 'border-line-strong',
        )}
      >
        <AttachmentList pending={attachments.pending} onRemove={attachments.remove} />
        <PromptField
          ref={field}
          sessionId={sessionId}
          text={text}
          disabled={false}
          onChange={value => setDraft(value === '' ? null : value)}
          onSend={send}
          onEscape={onEscape}
          onFiles={attachments.add}
        />
        <div className="flex flex-wrap items-center gap-1 px-1.5 pb-1.5">
          <input
            ref={chooser}
            type="file"
            multiple
            hidden
            aria-label="Files to attach"
            onChange={event => {
              attachments.add(event.target.files ?? [])
              event.target.value = ''
            }}
          />
          <IconButton label="Attach files" onClick={() => chooser.current?.click()}>
            <Paperclip aria-hidden className="size-4" />
          </IconButton>
          <Button
            variant="ghost"
            className="max-w-max min-w-24 flex-1 justify-start max-sm:px-2"
            onClick={() => setSetting(true)}
          >
            <Settings2 aria-hidden className="size-4 shrink-0" />
            <span className="truncate text-xs text-muted">{modeNames[config.permissionMode]}</span>
            <span className="sr-only">Session settings</span>
          </Button>
          <span className="ml-auto flex items-center gap-1.5">
            {isBusy && canSend && (
              <Segmented
                label="While Claude is working"
                options={whenBusy}
                value={onBusy}
                onChange={setOnBusy}
              />
            )}
            {isBusy && (
              <IconButton label="Stop" variant="danger" onClick={stop}>
                <Square aria-hidden className="size-3.5 fill-current" />
              </IconButton>
            )}
            <IconButton label="Send" variant="primary" disabled={!canSend} onClick={send}>
              <ArrowUp aria-hidden className="size-4" />
            </IconButton>
          </span>
        </div>
        {isBusy && canSend && (
          <p className="px-3 pb-1.5 text-right text-2xs text-muted">
            {whenBusy.find(({ value }) => value === onBusy)?.hint}
          </p>
        )}
      </div>
      {isSetting && <SettingsDialog session={session} onClose={() => setSetting(false)} />}
    </div>
  )
}
