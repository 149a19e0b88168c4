import { type ComponentProps, type ReactNode, useId } from 'react'
import { cx } from '../lib/class-names.ts'

interface FieldProps {
  label: string
  hint?: ReactNode
  error?: string | undefined
  className?: string
  children: (props: {
    id: string
    'aria-describedby': string | undefined
    'aria-invalid': boolean | undefined
  }) => ReactNode
}

/** A labelled control with a hint and an error that belong to it. */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId()
  const describedBy = hint || error ? `${id}-about` : undefined
  return (
    <div className={cx('flex flex-col gap-1', className)}>
      <label htmlFor={id} className="text-xs font-medium text-muted">
        {label}
      </label>
      {children({ id, 'aria-describedby': describedBy, 'aria-invalid': error ? true : undefined })}
      {describedBy && (
        <p id={describedBy} className={cx('text-xs', error ? 'text-bad' : 'text-muted')}>
          {error ?? hint}
        </p>
      )}
    </div>
  )
}

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return <input className={cx('field', className)} {...props} />
}

export function TextArea({ className, ...props }: ComponentProps<'textarea'>) {
  return <textarea className={cx('field min-h-20', className)} {...props} />
}

/** The browser's own list: on phones nothing is easier to use. */
export function Select({ className, ...props }: ComponentProps<'select'>) {
  return <select className={cx('field', className)} {...props} />
}

interface CheckboxProps extends Omit<ComponentProps<'input'>, 'type'> {
  label: ReactNode
}

export function Checkbox({ label, className, ...props }: CheckboxProps) {
  return (
    <label className={cx('target flex items-center gap-2 py-1', className)}>
      <input type="checkbox" className="size-4 shrink-0" {...props} />
      <span>{label}</span>
    </label>
  )
}

interface SegmentedProps<T extends string> {
  label: string
  /** An option with a `hint` shows it as its tooltip. */
  options: readonly { value: T; label: string; hint?: string }[]
  value: T
  onChange: (value: T) => void
}

/** A choice among few, all of them visible. */
export function Segmented<T extends string>({ label, options, value, onChange }: SegmentedProps<T>) {
  const name = useId()
  return (
    <fieldset className="flex max-w-full min-w-0 overflow-x-auto rounded-md border border-line bg-surface p-0.5">
      <legend className="sr-only">{label}</legend>
      {options.map(option => (
        <label
          key={option.value}
          title={option.hint}
          className={cx(
            'target relative flex shrink-0 cursor-pointer items-center justify-center rounded px-2 py-0.5 text-xs font-medium whitespace-nowrap has-focus-visible:outline-2 has-focus-visible:outline-offset-[-2px] has-focus-visible:outline-accent',
            option.value === value ? 'bg-accent-soft text-accent-strong' : 'text-muted hover:text-ink',
          )}
        >
          <input
            type="radio"
            className="sr-only"
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  )
}
