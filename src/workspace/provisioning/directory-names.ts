import { opendir } from 'node:fs/promises'
import type { Directory } from './directory.ts'

/**
 * Returns the first names of a directory, sorted by their bytes. Memory use depends on the number of requested names,
 * not on the size of the directory.
 *
 * @param after only names after this one
 * @param kind the kind of entries, as reported by the directory
 */
export async function firstNames(
  directory: Directory,
  limit: number,
  after?: Buffer | undefined,
  kind: 'anything' | 'directories' = 'anything',
  onEntry: (name: Buffer, isDirectory: boolean) => void = () => {},
): Promise<Buffer[]> {
  let names: Buffer[] = []
  // The typings lack names as bytes.
  const options = { encoding: 'buffer' as BufferEncoding, bufferSize: 256 }
  for await (const entry of await opendir(directory.base, options)) {
    const name = entry.name as unknown as Buffer
    onEntry(name, entry.isDirectory())
    if (kind === 'directories' && !entry.isDirectory()) continue
    if (after && name.compare(after) <= 0) continue
    names.push(name)
    if (names.length >= 2 * limit + 1024) names = sorted(names).slice(0, limit)
  }
  return sorted(names).slice(0, limit)
}

function sorted(names: Buffer[]): Buffer[] {
  return names.sort(Buffer.compare)
}
