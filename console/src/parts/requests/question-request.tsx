import { type FormEvent, useId, useState } from 'react'
import type { PermissionQuestion } from '../../../../src/client/index.ts'
import { revealText } from '../../lib/revealed-text.ts'
import { deciding, useShortcut } from '../../lib/shortcuts.ts'
import { Button } from '../../ui/button.tsx'
import { Input } from '../../ui/form.tsx'
import { DenyForm } from './deny-form.tsx'
import type { RequestBodyProps } from './use-answer.ts'

interface Reply {
  chosen: readonly string[]
  ownWords: string
}

const noReply: Reply = { chosen: [], ownWords: '' }

/** The labels and own words of a reply, as the API takes them. */
function toAnswer({ chosen, ownWords }: Reply, isMulti: boolean): string | string[] | undefined {
  const own = ownWords.trim()
  const all = own === '' ? [...chosen] : [...chosen, own]
  if (all.length === 0) return undefined
  return isMulti ? all : all.at(-1)
}

/** Claude's questions as a form: its options, and the person's own words. */
export function QuestionRequest({ request, answer, active }: RequestBodyProps) {
  const { questions = [] } = request
  const [replies, setReplies] = useState<ReadonlyMap<string, Reply>>(new Map())
  const [isDenying, setIsDenying] = useState(false)
  useShortcut('d', 'Refuse to answer', deciding, () => setIsDenying(true), active && !isDenying)

  const answers = Object.fromEntries(
    questions.map(({ question, multiSelect = false }) => [
      question,
      toAnswer(replies.get(question) ?? noReply, multiSelect),
    ]),
  )
  const isComplete = Object.values(answers).every(value => value !== undefined)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    answer.mutate({ decision: 'allow', answers: answers as Record<string, string | string[]> })
  }
  return (
    <>
      <form onSubmit={submit} className="flex flex-col gap-4 p-3">
        {questions.map(question => (
          <Question
            key={question.question}
            question={question}
            reply={replies.get(question.question) ?? noReply}
            onChange={reply => setReplies(before => new Map(before).set(question.question, reply))}
          />
        ))}
        {!isDenying && (
          <div className="flex flex-wrap justify-end gap-2">
            <Button variant="danger" onClick={() => setIsDenying(true)}>
              Refuse
            </Button>
            <Button type="submit" variant="primary" busy={answer.isPending} disabled={!isComplete}>
              Answer
            </Button>
          </div>
        )}
      </form>
      {isDenying && <DenyForm answer={answer} label="Refuse" onCancel={() => setIsDenying(false)} />}
    </>
  )
}

interface QuestionProps {
  question: PermissionQuestion
  reply: Reply
  onChange: (reply: Reply) => void
}

function Question({ question: { question, header, options, multiSelect }, reply, onChange }: QuestionProps) {
  const name = useId()
  const choose = (label: string, isChosen: boolean) => {
    if (!multiSelect) return onChange({ chosen: [label], ownWords: '' })
    const others = reply.chosen.filter(other => other !== label)
    onChange({ ...reply, chosen: isChosen ? [...others, label] : others })
  }
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="mb-1 font-medium break-words">
        {header !== undefined && <bdi className="mr-1 text-muted">{revealText(header)}:</bdi>}
        <bdi>{revealText(question)}</bdi>
      </legend>
      {options.map(({ label, description }) => (
        <label
          key={label}
          className="target flex cursor-pointer items-start gap-2 rounded-md border border-line p-2 has-checked:border-accent has-checked:bg-accent-soft"
        >
          <input
            type={multiSelect ? 'checkbox' : 'radio'}
            name={name}
            className="mt-0.5 size-4 shrink-0"
            checked={reply.chosen.includes(label)}
            onChange={event => choose(label, event.target.checked)}
          />
          <span className="min-w-0">
            <bdi className="block break-words">{revealText(label)}</bdi>
            {description !== undefined && (
              <bdi className="block text-xs break-words text-muted">{revealText(description)}</bdi>
            )}
          </span>
        </label>
      ))}
      <Input
        aria-label={`Your own words: ${revealText(question)}`}
        placeholder="Or in your own words"
        value={reply.ownWords}
        onChange={event =>
          onChange({ chosen: multiSelect ? reply.chosen : [], ownWords: event.target.value })
        }
      />
    </fieldset>
  )
}
