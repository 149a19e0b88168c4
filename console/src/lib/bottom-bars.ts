/** The bars at the bottom of the window that are shown now. */
const bars = new Set<Element>()
let observer: ResizeObserver | undefined

/** Tells the styles how much of the window's bottom the bars take. */
function measure(): void {
  const tops = [...bars]
    .map(bar => bar.getBoundingClientRect())
    .filter(({ height }) => height > 0)
    .map(({ top }) => top)
  const taken = Math.max(0, innerHeight - Math.min(innerHeight, ...tops))
  document.documentElement.style.setProperty('--bottom-bars', `${taken}px`)
}

/** The `ref` of a bar at the bottom of the window which toasts must not cover, such as the composer. */
export function bottomBar(bar: Element | null): (() => void) | undefined {
  if (!bar) return
  if (!observer) {
    observer = new ResizeObserver(measure)
    // The bars move with the window's height.
    observer.observe(document.body)
  }
  bars.add(bar)
  observer.observe(bar)
  return () => {
    bars.delete(bar)
    observer?.unobserve(bar)
    measure()
  }
}
