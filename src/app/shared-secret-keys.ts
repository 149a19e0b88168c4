import { createHmac } from 'node:crypto'
import { ConfigError } from '../lib/config-error.ts'
import { isSealedWith } from '../lib/sealed-text.ts'
import type { FingerprintStore, KeyFingerprints } from '../sessions/ports/index.ts'

const setting = 'secretKeys'

/**
 * Makes sure that the nodes of a cluster can unseal what each of them seals. A new key is first put behind the old one at
 * each node, one after the other; then before it; then the old one is removed.
 *
 * @param keys the first one seals, all of them unseal
 * @throws ConfigError naming `secretKeys`
 */
export async function checkSharedKeys(
  store: FingerprintStore,
  nodeId: string,
  keys: readonly Uint8Array[],
): Promise<void> {
  const opens = keys.map(fingerprintOf)
  const own: KeyFingerprints = { seals: opens[0] ?? '', opens }
  const stored = await store.sampleSealed()
  const isForeign = stored.some(sealed => !isSealedWith(sealed, keys))
  const objection = await store.noteFingerprints(nodeId, own, ({ living, last }) => {
    // A first start of a cluster on the database of a server that was alone.
    if (!last && living.length === 0) return isForeign ? cannotOpen : undefined
    return objectionTo(own, last ? [...living, last] : living, living)
  })
  if (objection !== undefined) throw new ConfigError(setting, objection)
}

const cannotOpen =
  'must have the key with which secrets in the database were sealed: all nodes need the same keys, in the configuration or as `secret.key` of each data directory'
const cannotBeOpened =
  'begins with a key that other running nodes do not have: put it behind the others and restart all nodes, then put it first'

function objectionTo(
  own: KeyFingerprints,
  sealing: readonly KeyFingerprints[],
  living: readonly KeyFingerprints[],
): string | undefined {
  if (sealing.some(({ seals }) => !own.opens.includes(seals))) return cannotOpen
  return living.some(({ opens }) => !opens.includes(own.seals)) ? cannotBeOpened : undefined
}

/** Reveals nothing of the key, which cannot be guessed. */
function fingerprintOf(key: Uint8Array): string {
  return createHmac('sha256', key).update('claude-code-api fingerprint').digest('hex')
}
