import { ConsoleLogins } from '../../src/access/console-logins.ts'
import { KeyRegistry } from '../../src/access/key-registry.ts'
import { Keys, type KeysParts } from '../../src/access/keys.ts'
import type { Store } from '../../src/sessions/ports/index.ts'
import { openStore } from '../../src/store/open-store.ts'

const noSessions: KeysParts['sessions'] = { findSession: async () => undefined }

/** Stored keys, above the store or above one of their own that is forgotten at the end. */
export async function openKeys(
  sessions = noSessions,
  given?: Pick<Store, 'keys' | 'logins'>,
): Promise<{ keys: Keys; registry: KeyRegistry; logins: ConsoleLogins } & AsyncDisposable> {
  const own = given ? undefined : await openStore({ file: ':memory:' })
  const store = given ?? own
  if (!store) throw new Error('there is no store')
  const registry = new KeyRegistry(store.keys, { error() {} })
  await registry.open()
  const logins = new ConsoleLogins({ store: store.logins, faults: { error() {} } })
  await logins.open()
  return {
    registry,
    logins,
    keys: new Keys({ registry, sessions }),
    async [Symbol.asyncDispose]() {
      await logins.close()
      await registry.close()
      await own?.close()
    },
  }
}
