import { toApiKey } from '../../access/key-view.ts'
import type { MadeKey } from '../../access/keys.ts'
import type { ShownKey } from '../../contract/keys.ts'
import type { ApiKeyRecord } from '../../sessions/ports/index.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { openPage } from '../pagination.ts'

type KeyHandlers = Pick<
  Handlers,
  'createKey' | 'listKeys' | 'getKey' | 'patchKey' | 'rotateKey' | 'revokeKey'
>

export function keyHandlers(deps: HttpDeps): KeyHandlers {
  return {
    async createKey({ caller, body }) {
      return { status: 201, body: toShownKey(await deps.keys.create(caller, body)) }
    },

    listKeys({ caller, query }) {
      const { tenant, status } = query
      const list = openPage(query, ['keys', tenant ?? null, status])
      const all = deps.keys.list(caller, { tenant, status })
      const [at = -1, id = ''] = list.key ?? []
      const behind = all.filter(key => key.createdAt > Number(at) || (key.createdAt === at && key.id > id))
      const { offset, limit } = list.page
      const found = behind.slice(offset, offset + limit)
      const keyOf = (key: ApiKeyRecord) => [key.createdAt, key.id]
      const { items, pagination } = list.close(found, all.length, keyOf)
      return { status: 200, body: { keys: items.map(toApiKey), pagination } }
    },

    getKey({ caller, params }) {
      return { status: 200, body: toApiKey(deps.keys.get(caller, params.keyId)) }
    },

    async patchKey({ caller, params, body }) {
      return { status: 200, body: toApiKey(await deps.keys.patch(caller, params.keyId, body)) }
    },

    async rotateKey({ caller, params, body }) {
      return { status: 200, body: toShownKey(await deps.keys.rotate(caller, params.keyId, body.graceMs)) }
    },

    async revokeKey({ caller, params }) {
      await deps.keys.revoke(caller, params.keyId)
      return { status: 204 }
    },
  }
}

function toShownKey({ record, text }: MadeKey): ShownKey {
  return { ...toApiKey(record), key: text }
}
