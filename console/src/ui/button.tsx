import type { ComponentProps, ReactNode } from 'react'
import { cx } from '../lib/class-names.ts'

const variants = {
  primary: 'bg-accent text-on-accent border-accent hover:bg-accent-strong hover:border-accent-strong',
  secondary: 'bg-raised text-ink border-line-strong hover:bg-hover',
  ghost: 'bg-transparent text-ink border-transparent hover:bg-hover',
  danger: 'bg-raised text-bad border-bad hover:bg-bad-soft',
}

const sizes = {
  small: 'h-7 px-2 text-xs gap-1',
  medium: 'h-8 px-3 text-sm gap-1.5',
  large: 'h-11 px-4 text-base sm:text-sm gap-2',
}

interface ButtonProps extends ComponentProps<'button'> {
  variant?: keyof typeof variants
  size?: keyof typeof sizes
  /** Disables the button while its work is under way, and says so to screen readers. */
  busy?: boolean
}

/** The classes of a button, for links that look like one. */
export function buttonClasses(
  variant: keyof typeof variants = 'secondary',
  size: keyof typeof sizes = 'medium',
): string {
  return cx(
    'target inline-flex shrink-0 items-center justify-center rounded-md border font-medium whitespace-nowrap select-none disabled:opacity-50',
    variants[variant],
    sizes[size],
  )
}

export function Button({ variant, size, busy, className, disabled, type = 'button', ...props }: ButtonProps) {
  return (
    <button
      type={type}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={cx(buttonClasses(variant, size), className)}
      {...props}
    />
  )
}

interface IconButtonProps extends Omit<ButtonProps, 'children' | 'aria-label' | 'title'> {
  /** Names the button for screen readers, and as its tooltip. */
  label: string
  children: ReactNode
}

/** A button that shows an icon alone. */
export function IconButton({
  label,
  className,
  variant = 'ghost',
  size = 'medium',
  ...props
}: IconButtonProps) {
  return (
    <Button
      variant={variant}
      size={size}
      aria-label={label}
      title={label}
      className={cx('aspect-square !px-0', className)}
      {...props}
    />
  )
}
