import { useEffect, useEffectEvent, useState } from 'react'

const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true

/**
 * Takes files that are dropped anywhere on the page: beside its field, the browser would open them in place of the page.
 *
 * @returns whether files are being dragged over the page
 */
export function useFileDrop(isEnabled: boolean, onFiles: (files: Iterable<File>) => void): boolean {
  const [isOver, setOver] = useState(false)
  const take = useEffectEvent(onFiles)
  useEffect(() => {
    if (!isEnabled) return
    const controller = new AbortController()
    const on = (type: 'dragover' | 'dragleave' | 'drop', listener: (event: DragEvent) => void) =>
      document.addEventListener(type, listener, { signal: controller.signal })
    on('dragover', event => {
      if (!hasFiles(event)) return
      event.preventDefault()
      setOver(true)
    })
    on('dragleave', event => {
      // It has left the page, and not an element for the next one.
      if (event.relatedTarget === null) setOver(false)
    })
    on('drop', event => {
      if (!hasFiles(event)) return
      event.preventDefault()
      setOver(false)
      take(event.dataTransfer?.files ?? [])
    })
    return () => {
      controller.abort()
      setOver(false)
    }
  }, [isEnabled])
  return isOver
}
