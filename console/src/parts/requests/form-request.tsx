import { type FormEvent, useState } from 'react'
import { revealText } from '../../lib/revealed-text.ts'
import { Button, buttonClasses } from '../../ui/button.tsx'
import { Checkbox, Field, Input, Select } from '../../ui/form.tsx'
import { DenyForm } from './deny-form.tsx'
import { type FieldValue, type FormField, readFields, toValue } from './form-fields.ts'
import type { RequestBodyProps } from './use-answer.ts'

/** A form, or a page to open, that an MCP server asks for. */
export default function FormRequest({ request, answer }: RequestBodyProps) {
  const { elicitation } = request
  const fields = readFields(elicitation?.requestedSchema)
  const [values, setValues] = useState<Record<string, FieldValue | undefined>>(() =>
    Object.fromEntries(
      fields.map(({ name, initial, type }) => [name, initial ?? (type === 'boolean' ? false : undefined)]),
    ),
  )
  const [isDenying, setIsDenying] = useState(false)
  const isForm = elicitation?.mode === 'form'
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!isForm) return answer.mutate({ decision: 'allow' })
    const filled = fields.map(field => [field.name, toValue(field, values[field.name])] as const)
    const content = Object.fromEntries(filled.filter(([, value]) => value !== undefined))
    answer.mutate({ decision: 'allow', content: content as Record<string, FieldValue> })
  }
  const { url } = elicitation ?? {}
  const isWebPage = url !== undefined && /^https?:\/\//i.test(url)
  return (
    <>
      <form onSubmit={submit} className="flex flex-col gap-3 p-3">
        <p className="text-xs text-muted">
          The MCP server <bdi className="font-medium">{revealText(elicitation?.serverName ?? '')}</bdi> asks.
          Do not enter passwords here.
        </p>
        <p className="break-words">
          <bdi>{revealText(elicitation?.message ?? '')}</bdi>
        </p>
        {isForm &&
          fields.map(field => (
            <FieldControl
              key={field.name}
              field={field}
              value={values[field.name]}
              onChange={value => setValues(before => ({ ...before, [field.name]: value }))}
            />
          ))}
        {url !== undefined && <bdi className="font-mono text-xs break-all">{revealText(url)}</bdi>}
        {!isDenying && (
          <div className="flex flex-wrap justify-end gap-2">
            <Button variant="danger" onClick={() => setIsDenying(true)}>
              Decline
            </Button>
            {isWebPage && (
              <a href={url} target="_blank" rel="noopener noreferrer" className={buttonClasses()}>
                Open the page
              </a>
            )}
            <Button type="submit" variant="primary" busy={answer.isPending}>
              {isForm ? 'Send' : 'I am done there'}
            </Button>
          </div>
        )}
      </form>
      {isDenying && <DenyForm answer={answer} label="Decline" onCancel={() => setIsDenying(false)} />}
    </>
  )
}

interface FieldControlProps {
  field: FormField
  value: FieldValue | undefined
  onChange: (value: FieldValue | undefined) => void
}

function FieldControl({ field, value, onChange }: FieldControlProps) {
  const { required, type, choices } = field
  const label = revealText(field.label)
  const description = field.description && revealText(field.description)
  if (type === 'boolean') {
    return (
      <Checkbox label={label} checked={value === true} onChange={event => onChange(event.target.checked)} />
    )
  }
  if (type === 'choices') {
    const chosen = Array.isArray(value) ? value : []
    return (
      <fieldset>
        <legend className="text-xs font-medium text-muted">{label}</legend>
        {choices.map(choice => (
          <Checkbox
            key={choice.value}
            label={revealText(choice.label)}
            checked={chosen.includes(choice.value)}
            onChange={({ target }) => {
              const others = chosen.filter(other => other !== choice.value)
              onChange(target.checked ? [...others, choice.value] : others)
            }}
          />
        ))}
      </fieldset>
    )
  }
  return (
    <Field label={required ? label : `${label} (optional)`} hint={description}>
      {props =>
        type === 'choice' ? (
          <Select
            {...props}
            required={required}
            value={String(value ?? '')}
            onChange={event => onChange(event.target.value)}
          >
            <option value="">Choose…</option>
            {choices.map(choice => (
              <option key={choice.value} value={choice.value}>
                {revealText(choice.label)}
              </option>
            ))}
          </Select>
        ) : (
          <Input
            {...props}
            type={type === 'integer' ? 'number' : type}
            step={type === 'integer' ? 1 : type === 'number' ? 'any' : undefined}
            min={field.minimum}
            max={field.maximum}
            minLength={field.minLength}
            maxLength={field.maxLength}
            required={required}
            value={String(value ?? '')}
            onChange={event => onChange(event.target.value)}
          />
        )
      }
    </Field>
  )
}
