import { describe, expect, test } from 'vitest'
import { findDoors } from '../../src/app/doors.ts'
import { doorNames } from '../../src/contract/doors.ts'
import type { Scope } from '../../src/contract/scopes.ts'
import { shareServer } from '../support/open-server.ts'

const doors = findDoors(doorNames)
const operations = doors.flatMap(door =>
  Object.entries(door.operations).map(([id, operation]) => ({ door: door.name, id, ...operation })),
)

/** A request to an operation of a door; parameters name nothing that exists. */
function toRequest({ door, path, method }: (typeof operations)[number], headers: Record<string, string>) {
  const url = `/doors/${door}${path.replace(/:\w+/g, '00000000-0000-4000-8000-000000000000')}`
  const body = method === 'get' || method === 'delete' ? undefined : '{}'
  return [
    url,
    { method: method.toUpperCase(), headers: { 'content-type': 'application/json', ...headers }, body },
  ] as const
}

describe('every operation of every door', () => {
  const server = shareServer({ doors: ['all'] })
  const send = (operation: (typeof operations)[number], headers: Record<string, string>) => {
    const [url, init] = toRequest(operation, headers)
    return fetch(`${server().base}${url}`, {
      ...init,
      body: init.body ?? null,
      signal: AbortSignal.timeout(20_000),
    })
  }

  test('there are all doors, and each has operations', () => {
    expect(doors.map(({ name }) => name)).toEqual([...doorNames])
    for (const door of doors) expect(Object.keys(door.operations), door.name).not.toEqual([])
  })

  test.each(operations)('$door $id is refused without a key, and with a wrong one', async operation => {
    for (const headers of [{}, { authorization: 'Bearer wrong-key' }] as Record<string, string>[]) {
      const response = await send(operation, headers)
      expect([401, 403]).toContain(response.status)
      const text = await response.text()
      expect(text).toMatch(/key/i)
      expect(text).not.toContain('wrong-key')
    }
  })

  test.each(operations.filter(({ scopes }) => scopes.length > 0))(
    '$door $id needs its scope',
    async operation => {
      const others = (['admin', 'permissions:answer'] as Scope[]).filter(
        scope => !operation.scopes.includes(scope),
      )
      const { key } = (
        await server().call('POST', '/keys', { name: 'without it', scopes: others.slice(0, 1) })
      ).body
      const response = await send(operation, { authorization: `Bearer ${key}` })
      expect(response.status).toBe(403)
      expect(await response.text()).toContain('scope')
    },
  )
})
