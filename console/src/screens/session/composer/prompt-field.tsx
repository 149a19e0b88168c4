import { type KeyboardEvent, type Ref, useId, useState } from 'react'
import { flushSync } from 'react-dom'
import { countOf } from '../../../lib/format.ts'
import { ChoiceList, optionId } from './choice-list.tsx'
import { complete, findToken } from './find-token.ts'
import { type Choice, useChoices } from './use-choices.ts'

interface PromptFieldProps {
  ref: Ref<HTMLTextAreaElement>
  sessionId: string
  text: string
  disabled: boolean
  onChange: (text: string) => void
  onSend: () => void
  /** Called for Escape while no list is open. */
  onEscape: () => void
  onFiles: (files: Iterable<File>) => void
}

/** Whether fingers are the main pointer: their Enter key makes a line. */
const isTouch = () => matchMedia('(pointer: coarse)').matches

/** The text of a prompt. Enter sends, Shift+Enter makes a line; `/` and `@` are completed. */
export function PromptField({
  ref,
  sessionId,
  text,
  disabled,
  onChange,
  onSend,
  onEscape,
  onFiles,
}: PromptFieldProps) {
  const listId = useId()
  const [caret, setCaret] = useState(text.length)
  const [selected, setSelected] = useState(0)
  const [dismissed, setDismissed] = useState<string | null>(null)
  const token = disabled ? null : findToken(text, Math.min(caret, text.length))
  const choices = useChoices(sessionId, token)
  const isOpen = token !== null && choices.length > 0 && dismissed !== `${token.start} ${token.kind}`
  const at = Math.min(selected, choices.length - 1)

  const choose = (choice: Choice, field: HTMLTextAreaElement | null) => {
    if (!token) return
    const after = complete(text, caret, token, choice.insert)
    // A new value moves the caret to its end, so that it is set behind it.
    flushSync(() => onChange(after.text))
    field?.setSelectionRange(after.caret, after.caret)
    setCaret(after.caret)
    setSelected(0)
  }

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return
    const choice = isOpen ? choices[at] : undefined
    if (choice && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      const step = event.key === 'ArrowDown' ? 1 : -1
      setSelected((at + step + choices.length) % choices.length)
    } else if (choice && (event.key === 'Tab' || event.key === 'Enter') && !event.shiftKey) {
      choose(choice, event.currentTarget)
    } else if (event.key === 'Escape') {
      if (isOpen && token) setDismissed(`${token.start} ${token.kind}`)
      else return onEscape()
    } else if (event.key === 'Enter' && !event.shiftKey && !event.altKey && !isTouch()) {
      onSend()
    } else return
    event.preventDefault()
  }

  return (
    <div className="relative">
      {isOpen && (
        <ChoiceList
          id={listId}
          label={token.kind === 'command' ? 'Commands' : 'Files'}
          choices={choices}
          selected={at}
          onChoose={choice => choose(choice, document.activeElement as HTMLTextAreaElement | null)}
        />
      )}
      <p role="status" className="sr-only">
        {isOpen && `${countOf(choices.length, 'suggestion')}, arrow keys to choose`}
      </p>
      <textarea
        ref={ref}
        aria-label="Prompt"
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-controls={isOpen ? listId : undefined}
        aria-activedescendant={isOpen ? optionId(listId, at) : undefined}
        aria-keyshortcuts="Enter"
        placeholder="Ask Claude. / for commands, @ for files"
        enterKeyHint={isTouch() ? 'enter' : 'send'}
        rows={1}
        value={text}
        disabled={disabled}
        onChange={event => {
          onChange(event.target.value)
          setCaret(event.target.selectionStart)
          setSelected(0)
          if (findToken(event.target.value, event.target.selectionStart) === null) setDismissed(null)
        }}
        onSelect={event => setCaret(event.currentTarget.selectionStart)}
        onKeyDown={onKeyDown}
        onPaste={event => {
          if (event.clipboardData.files.length === 0) return
          event.preventDefault()
          onFiles(event.clipboardData.files)
        }}
        className="block field-sizing-content max-h-[40dvh] min-h-10 w-full resize-none bg-transparent px-3 py-2 text-base outline-none sm:text-sm"
      />
    </div>
  )
}
