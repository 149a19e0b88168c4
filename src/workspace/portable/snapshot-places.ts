import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { tenantName } from '../../contract/primitives.ts'
import type { PortableSession } from '../../sessions/ports/index.ts'
import { holderName } from '../provisioning/provider.ts'

type OfSession = Pick<PortableSession, 'id' | 'tenantId'>

/** Where the snapshots of a session are: in a directory of its own, so that sessions have no content in common. */
export class SnapshotPlaces {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  of({ tenantId, id }: OfSession) {
    const directory = join(this.#root, tenantId, id)
    return { directory, blobs: join(directory, 'blobs'), manifests: join(directory, 'manifests') }
  }

  manifestOf(session: OfSession, snapshotId: string): string {
    return join(this.of(session).manifests, `${snapshotId}.jsonl`)
  }

  /** All sessions with snapshots. */
  async *list(): AsyncGenerator<OfSession> {
    for (const tenantId of await namesIn(this.#root)) {
      if (!tenantName.safeParse(tenantId).success) continue
      for (const id of await namesIn(join(this.#root, tenantId))) {
        if (holderName.test(id)) yield { tenantId, id }
      }
    }
  }
}

function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => [])
}
