import type { ManifestEntry } from './manifest.ts'

type FileEntry = Extract<ManifestEntry, { kind: 'file' }>

export interface BaseNode {
  entry: ManifestEntry | undefined
  children: Map<string, BaseNode>
}

/** The snapshot before, for looking up what has not changed. */
export class BaseTree {
  readonly top: BaseNode = { entry: undefined, children: new Map() }
  /** Its blobs by the hash of their content. */
  readonly blobs = new Map<string, string>()
  readonly entries: ManifestEntry[] = []

  static async read(entries: AsyncIterable<ManifestEntry>): Promise<BaseTree> {
    const tree = new BaseTree()
    const way = [tree.top]
    for await (const entry of entries) {
      way.length = entry.depth + 1
      const node: BaseNode = { entry, children: new Map() }
      way.at(-1)?.children.set(keyOf(entry.name), node)
      way.push(node)
      tree.entries.push(entry)
      if (entry.kind === 'file') tree.blobs.set(hashOf(entry), entry.blob)
    }
    return tree
  }
}

export function keyOf(name: Buffer): string {
  return name.toString('latin1')
}

/** The hash of a file's content. */
export function hashOf({ blob }: FileEntry): string {
  return blob.slice(0, 64)
}

/** Whether an entry is as it was, also to its own node. */
export function isSame(entry: ManifestEntry, before: ManifestEntry | undefined): boolean {
  if (before?.kind !== entry.kind || before.mode !== entry.mode) return false
  if (entry.kind === 'directory') return true
  if (entry.kind === 'link') return before.kind === 'link' && before.target.equals(entry.target)
  return before.kind === 'file' && before.blob === entry.blob && before.seen === entry.seen
}
