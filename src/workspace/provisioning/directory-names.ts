import { opendir } from 'node:fs/promises'
import type { Directory } from './directory.ts'

/**
 * The first names of a directory, in the order of their bytes. However many there are, not many more than are
 * asked for are ever held.
 *
 * @param after only names behind this one
 * @param kind what counts; what each is says the directory itself
 */
export async function firstNames(
  directory: Directory,
  limit: number,
  after?: Buffer | undefined,
  kind: 'anything' | 'directories' = 'anything',
  onEntry: (name: Buffer, isDirectory: boolean) => void = () => {},
): Promise<Buffer[]> {
  let names: Buffer[] = []
  // Not in the types: names as bytes.
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
