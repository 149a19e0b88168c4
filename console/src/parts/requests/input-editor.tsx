import { type FormEvent, useState } from 'react'
import { revealText } from '../../lib/revealed-text.ts'
import { Button } from '../../ui/button.tsx'
import { Field, TextArea } from '../../ui/form.tsx'
import type { Answer } from './use-answer.ts'

type Input = Record<string, unknown>

interface InputEditorProps {
  input: Input
  answer: Answer
  onCancel: () => void
}

/** Says which characters of a text are not seen in a field, but have their effect. */
function describeHidden(text: string): string | undefined {
  const marks = revealText(text).match(/⟨U\+[0-9A-F]+⟩/g)
  return marks ? `Holds hidden characters: ${[...new Set(marks)].join(' ')}` : undefined
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}

/** Reads a field as it was: a text stays a text, everything else is JSON. */
function fromText(text: string, before: unknown): unknown {
  return typeof before === 'string' ? text : JSON.parse(text)
}

function findErrors(texts: Record<string, string>, input: Input): ReadonlyMap<string, string> {
  const errors = new Map<string, string>()
  for (const [name, text] of Object.entries(texts)) {
    try {
      fromText(text, input[name])
    } catch {
      errors.set(name, 'This must be JSON, as it was before')
    }
  }
  return errors
}

/** Changes the input of a call before it is allowed, field by field. */
export function InputEditor({ input, answer, onCancel }: InputEditorProps) {
  const [texts, setTexts] = useState(() =>
    Object.fromEntries(Object.entries(input).map(([name, value]) => [name, toText(value)])),
  )
  const errors = findErrors(texts, input)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const entries = Object.entries(texts).map(([name, text]) => [name, fromText(text, input[name])])
    answer.mutate({ decision: 'allow', updatedInput: Object.fromEntries(entries) })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-2 border-t border-line p-3">
      {Object.entries(texts).map(([name, text], index) => (
        <Field key={name} label={revealText(name)} error={errors.get(name)} hint={describeHidden(text)}>
          {props => (
            <TextArea
              {...props}
              autoFocus={index === 0}
              spellCheck={false}
              className="font-mono !text-xs"
              rows={Math.min(12, text.split('\n').length + 1)}
              value={text}
              onChange={event => setTexts(before => ({ ...before, [name]: event.target.value }))}
              onKeyDown={event => {
                if (event.key === 'Escape') onCancel()
              }}
            />
          )}
        </Field>
      ))}
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" variant="primary" busy={answer.isPending} disabled={errors.size > 0}>
          Allow as edited
        </Button>
      </div>
    </form>
  )
}
