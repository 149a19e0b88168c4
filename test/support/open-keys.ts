import { KeyRegistry } from '../../src/access/key-registry.ts'
import { Keys, type KeysParts } from '../../src/access/keys.ts'
import type { KeyStore } from '../../src/sessions/ports/index.ts'
import { openStore } from '../../src/store/open-store.ts'

const noSessions: KeysParts['sessions'] = { findSession: async () => undefined }

/** Stored keys, above the store or above one of their own that is forgotten at the end. */
export async function openKeys(
  sessions = noSessions,
  given?: KeyStore,
): Promise<{ keys: Keys; registry: KeyRegistry } & AsyncDisposable> {
  const own = given ? undefined : await openStore({ file: ':memory:' })
  const store = given ?? own?.keys
  if (!store) throw new Error('there is no store')
  const registry = new KeyRegistry(store, { error() {} })
  await registry.open()
  return {
    registry,
    keys: new Keys({ registry, sessions }),
    async [Symbol.asyncDispose]() {
      await registry.close()
      await own?.close()
    },
  }
}
