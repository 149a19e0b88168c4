interface Read<T> {
  items: readonly T[]
  next: string | null
}

/**
 * Reads a page of wanted entries from a list that has others too. Where these are many, ever longer pages are read, up
 * to the longest that the API has.
 *
 * @returns fewer entries than the limit only at the end of the list
 */
export async function readFilteredPage<T>(
  read: (limit: number, cursor: string | null) => Promise<Read<T>>,
  isWanted: (item: T) => boolean,
  { cursor, limit, longest }: { cursor: string | null; limit: number; longest: number },
): Promise<{ found: T[]; next: string | null }> {
  const found: T[] = []
  let next = cursor
  let size = limit
  do {
    const room = limit - found.length
    let page = await read(size, next)
    let wanted = page.items.filter(isWanted)
    if (wanted.length > room) {
      // The cursor has to be that of the last entry with room.
      const end = page.items.findLastIndex(item => item === wanted[room - 1])
      page = await read(end + 1, next)
      wanted = page.items.filter(isWanted)
    }
    found.push(...wanted)
    next = page.next
    size = Math.min(longest, 2 * size)
  } while (next !== null && found.length < limit)
  return { found, next }
}
