import { Menu as Base } from '@base-ui/react/menu'
import { Check } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { cx } from '../lib/class-names.ts'

interface MenuProps {
  /** The button that opens the menu. */
  trigger: ReactElement
  children: ReactNode
}

export function Menu({ trigger, children }: MenuProps) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        {/* It stands outside of the page's own landmarks. */}
        <section aria-label="Menu">
          <Base.Positioner sideOffset={4} align="end" className="z-50">
            <Base.Popup className="min-w-44 rounded-lg border border-line bg-raised p-1 shadow-lg outline-none">
              {children}
            </Base.Popup>
          </Base.Positioner>
        </section>
      </Base.Portal>
    </Base.Root>
  )
}

const itemClasses =
  'target flex items-center gap-2 rounded-md px-2 py-1.5 text-sm outline-none select-none data-disabled:opacity-50 data-highlighted:bg-hover [&>svg]:size-4'

interface MenuItemProps {
  children: ReactNode
  icon?: ReactNode
  onSelect: () => void
  danger?: boolean
  disabled?: boolean
}

export function MenuItem({ children, icon, onSelect, danger, disabled }: MenuItemProps) {
  return (
    <Base.Item
      disabled={disabled ?? false}
      onClick={onSelect}
      className={cx(itemClasses, danger && 'text-bad')}
    >
      {icon}
      {children}
    </Base.Item>
  )
}

interface MenuChoiceProps<T extends string> {
  label: string
  options: readonly { value: T; label: string; icon: ReactNode }[]
  value: T
  onChange: (value: T) => void
}

/** A choice of one among few, which the menu shows and stays open for. */
export function MenuChoice<T extends string>({ label, options, value, onChange }: MenuChoiceProps<T>) {
  return (
    <Base.RadioGroup
      aria-label={label}
      value={value}
      onValueChange={onChange}
      className="my-1 border-y border-line py-1"
    >
      {options.map(option => (
        <Base.RadioItem key={option.value} value={option.value} className={itemClasses}>
          {option.icon}
          <span className="flex-1">{option.label}</span>
          <Base.RadioItemIndicator>
            <Check aria-hidden className="size-4 text-accent-strong" />
          </Base.RadioItemIndicator>
        </Base.RadioItem>
      ))}
    </Base.RadioGroup>
  )
}
