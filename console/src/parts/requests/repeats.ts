/** Whether the input, which is shown in full, says what a description says: its own, or the path that it shortens. */
export function repeats(input: Readonly<Record<string, unknown>>, description: string | null): boolean {
  if (description === null) return false
  const text = description.trim()
  const path = text.replace(/^(~|\.)?\//, '')
  return Object.values(input).some(
    value =>
      typeof value === 'string' && (value.trim() === text || (path !== '' && value.endsWith(`/${path}`))),
  )
}
