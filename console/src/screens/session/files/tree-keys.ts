import type { KeyboardEvent } from 'react'

const itemsOf = (tree: Element) => [...tree.querySelectorAll<HTMLElement>('[role="treeitem"]')]

const levelOf = (item: Element | undefined) => Number(item?.ariaLevel ?? 0)

/** Sees to it that the Tab key reaches the tree, whatever has left it. */
export function keepTabStop(tree: Element | null | undefined): void {
  const items = tree ? itemsOf(tree) : []
  if (items.length === 0 || items.some(item => item.tabIndex === 0)) return
  const selected = items.find(item => item.ariaSelected === 'true') ?? items[0]
  if (selected) selected.tabIndex = 0
}

/** Gives an item the focus and the Tab key. */
export function focusItem(tree: Element, item: HTMLElement): void {
  for (const other of itemsOf(tree)) other.tabIndex = -1
  item.tabIndex = 0
  item.focus()
}

/** The keys of a tree, as the ARIA practices have them. */
export function onTreeKey(event: KeyboardEvent<HTMLElement>, toggle: (item: HTMLElement) => void): void {
  const tree = event.currentTarget
  const item =
    event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('[role="treeitem"]') : null
  if (!item || event.ctrlKey || event.metaKey || event.altKey) return
  const items = itemsOf(tree)
  const at = items.indexOf(item)
  const isOpen = item.ariaExpanded === 'true'
  let next: HTMLElement | undefined
  switch (event.key) {
    case 'ArrowDown':
      next = items[at + 1]
      break
    case 'ArrowUp':
      next = items[at - 1]
      break
    case 'Home':
      next = items[0]
      break
    case 'End':
      next = items.at(-1)
      break
    case 'ArrowRight':
      if (item.ariaExpanded === 'false') toggle(item)
      else if (isOpen && levelOf(items[at + 1]) > levelOf(item)) next = items[at + 1]
      break
    case 'ArrowLeft':
      if (isOpen) toggle(item)
      else next = items.slice(0, at).findLast(other => levelOf(other) < levelOf(item))
      break
    case 'Enter':
    case ' ':
      item.click()
      break
    default:
      return
  }
  event.preventDefault()
  if (next) focusItem(tree, next)
}
