/** Calls of the API that run at once. */
const atOnce = 8

/** Maps the items in parallel, a bounded number at once, and keeps their order. */
export async function mapInParallel<T, Result>(
  items: readonly T[],
  map: (item: T) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const rest = items.entries()
  const work = async () => {
    for (const [index, item] of rest) results[index] = await map(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work))
  return results
}
