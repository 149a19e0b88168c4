import { CircleCheck, CircleDashed, CircleDot } from 'lucide-react'
import { cx } from '../lib/class-names.ts'
import { revealText } from '../lib/revealed-text.ts'
import { type InputFields, textOf } from './input-fields.ts'

const states = {
  completed: { label: 'Done', icon: CircleCheck, className: 'text-good' },
  in_progress: { label: 'In progress', icon: CircleDot, className: 'text-accent-strong' },
  pending: { label: 'To do', icon: CircleDashed, className: 'text-muted' },
}

/** A model has written the list: its states may be anything. */
function stateOf({ status }: InputFields) {
  const isKnown = typeof status === 'string' && Object.hasOwn(states, status)
  return states[isKnown ? (status as keyof typeof states) : 'pending']
}

/** The list of a Todo call as a checklist. */
export function TodoList({ todos }: { todos: readonly InputFields[] }) {
  return (
    <ul className="flex flex-col gap-1">
      {todos.map((todo, index) => {
        const { label, icon: Icon, className } = stateOf(todo)
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: Items have no identity.
          <li key={index} className="flex gap-2">
            <Icon role="img" aria-label={label} className={cx('mt-0.5 size-4 shrink-0', className)} />
            <bdi className={cx('wrap-anywhere', todo.status === 'completed' && 'text-muted line-through')}>
              {revealText(textOf(todo, 'content', 'subject') ?? '')}
            </bdi>
          </li>
        )
      })}
    </ul>
  )
}
