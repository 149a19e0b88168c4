import { CodeBlock } from '../code/code-block.tsx'
import { revealText } from '../lib/revealed-text.ts'
import type { InputFields } from './input-fields.ts'

/** Fields as names and values; long texts and structures as blocks of code. */
export function FieldList({ fields, except = [] }: { fields: InputFields; except?: readonly string[] }) {
  const shown = Object.entries(fields).filter(
    ([name, value]) => value !== undefined && !except.includes(name),
  )
  if (shown.length === 0) return null
  return (
    <dl className="grid grid-cols-1 gap-x-3 gap-y-1 sm:grid-cols-[max-content_minmax(0,1fr)]">
      {shown.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="max-w-48 font-mono text-xs leading-5 wrap-anywhere text-muted">
            {revealText(name)}
          </dt>
          <dd className="min-w-0">
            <Value name={name} value={value} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Value({ name, value }: { name: string; value: unknown }) {
  if (typeof value === 'string') {
    if (value.length > 400 || value.includes('\n')) return <CodeBlock code={value} name={name} wraps />
    return <bdi className="wrap-anywhere whitespace-pre-wrap">{revealText(value)}</bdi>
  }
  if (typeof value !== 'object' || value === null)
    return <code className="font-mono text-xs">{String(value)}</code>
  return <CodeBlock code={JSON.stringify(value, null, 2)} language="json" name={name} />
}
