/** The properties of elements that tests read in a page; the types of React declare `Element` without any. */
interface Element {
  getAttribute(name: string): string | null
  scrollTop: number
  readonly scrollHeight: number
  /** Of images. */
  readonly naturalWidth?: number
}
