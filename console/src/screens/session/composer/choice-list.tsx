import { useEffect, useRef } from 'react'
import { cx } from '../../../lib/class-names.ts'
import type { Choice } from './use-choices.ts'

interface ChoiceListProps {
  id: string
  label: string
  choices: readonly Choice[]
  selected: number
  onChoose: (choice: Choice) => void
}

export const optionId = (listId: string, index: number) => `${listId}-${index}`

/** The completions of a field, which keeps the focus: see `aria-activedescendant` there. */
export function ChoiceList({ id, label, choices, selected, onChoose }: ChoiceListProps) {
  const active = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: Another choice is another element.
  useEffect(() => {
    // Newer browsers return a promise, which React would take for the effect's cleanup.
    active.current?.scrollIntoView({ block: 'nearest' })
  }, [selected])
  return (
    <div
      id={id}
      role="listbox"
      aria-label={label}
      className="absolute inset-x-0 bottom-full z-20 mb-1 max-h-64 overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-lg"
    >
      {choices.map((choice, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: The field has the keys.
        // biome-ignore lint/a11y/useFocusableInteractive: The field keeps the focus.
        <div
          key={choice.insert.text}
          id={optionId(id, index)}
          ref={index === selected ? active : null}
          role="option"
          aria-selected={index === selected}
          // The field keeps the focus.
          onPointerDown={event => event.preventDefault()}
          onClick={() => onChoose(choice)}
          className={cx(
            'target flex cursor-pointer items-center gap-3 rounded-md px-2 py-1',
            index === selected ? 'bg-hover' : '',
          )}
        >
          <bdi className="max-w-full shrink-0 truncate font-mono text-xs">{choice.label}</bdi>
          <bdi className="truncate text-xs text-muted">{choice.hint}</bdi>
        </div>
      ))}
    </div>
  )
}
