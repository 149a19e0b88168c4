import { type FormEvent, useState } from 'react'
import { ToolInput } from '../../tools/tool-input.tsx'
import { Button } from '../../ui/button.tsx'
import { Field, TextArea } from '../../ui/form.tsx'
import { ScrollRegion } from '../../ui/scroll-region.tsx'
import type { RequestBodyProps } from './use-answer.ts'

/** A call of a tool of the caller: a person can give the result in its place, or say why there is none. */
export default function ClientToolRequest({ request, answer }: RequestBodyProps) {
  const [text, setText] = useState('')
  const isEmpty = text.trim() === ''
  const submit = (event: FormEvent) => {
    event.preventDefault()
    answer.mutate({ result: text })
  }
  return (
    <>
      <ScrollRegion label="Input" className="flex max-h-[60dvh] flex-col gap-2 p-3">
        <p className="text-xs text-muted">
          Claude waits for the program that offers this tool. You can answer in its place.
        </p>
        <ToolInput name={request.toolName} input={request.input} />
      </ScrollRegion>
      <form onSubmit={submit} className="flex flex-col gap-2 border-t border-line p-3">
        <Field label="Result for Claude" hint="Or, with Report an error, why there is none.">
          {props => (
            <TextArea {...props} rows={3} value={text} onChange={event => setText(event.target.value)} />
          )}
        </Field>
        <div className="flex flex-wrap justify-end gap-2">
          <Button
            variant="danger"
            disabled={isEmpty || answer.isPending}
            onClick={() => answer.mutate({ error: text.trim() })}
          >
            Report an error
          </Button>
          <Button type="submit" variant="primary" busy={answer.isPending} disabled={isEmpty}>
            Send the result
          </Button>
        </div>
      </form>
    </>
  )
}
