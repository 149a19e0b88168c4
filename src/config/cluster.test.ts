import { expect, test } from 'vitest'
import { resolveConfig } from './resolve-config.ts'

const database = { url: 'postgres://host/name' }
const secret = 's'.repeat(32)

test('without an address the server is alone', () => {
  expect(resolveConfig({}, {}).cluster).toBeUndefined()
  expect(resolveConfig({ database, cluster: {} }, {}).cluster).toBeUndefined()
})

test('an address and a secret are enough on one machine', () => {
  const cluster = { listen: '127.0.0.1:0', secret, name: 'a', volumes: ['/shared/'] }
  expect(resolveConfig({ database, cluster }, {}).cluster).toEqual({
    name: 'a',
    listen: { host: '127.0.0.1', port: 0 },
    url: undefined,
    secret,
    leaseMs: 10_000,
    volumes: ['/shared'],
    tls: undefined,
    caFile: undefined,
    allowPlainHttp: false,
  })
})

test('a host name is a name, whatever is in it', () => {
  const { cluster } = resolveConfig({ database, cluster: { listen: 'localhost:1', secret } }, {})
  expect(cluster?.name).toMatch(/^[\w.-]{1,100}$/)
})

test.each([
  [{ listen: 'nowhere' }, 'cluster.listen: must be host:port'],
  [{ listen: '127.0.0.1:99999', secret }, 'cluster.listen: must be host:port'],
  [{ listen: '127.0.0.1:1' }, 'cluster.secret: must be set together with cluster.listen'],
  [{ listen: '127.0.0.1:1', secret: 'short' }, 'cluster.secret'],
  [{ secret }, 'cluster.secret: has no effect without cluster.listen'],
  [{ url: 'http://127.0.0.1:1' }, 'cluster.url: has no effect without cluster.listen'],
  [{ listen: '127.0.0.1:1', secret, url: 'ftp://a' }, 'cluster.url'],
  [{ listen: '127.0.0.1:1', secret, url: 'http://user@a' }, 'cluster.url'],
  [{ listen: '127.0.0.1:1', secret, url: 'http://a/path' }, 'cluster.url'],
  [{ listen: '10.0.0.1:1', secret }, 'cluster.listen: is reached from other machines without TLS'],
  [{ listen: '127.0.0.1:1', secret, url: 'http://node-a:1' }, 'cluster.listen: is reached'],
  [{ listen: '10.0.0.1:1', secret, certFile: 'a.pem' }, 'cluster.keyFile: is missing'],
  [{ listen: '127.0.0.1:1', secret, leaseMs: 10 }, 'cluster.leaseMs'],
  [{ listen: '127.0.0.1:1', secret, volumes: ['relative'] }, 'cluster.volumes[0]'],
  [{ listen: '127.0.0.1:1', secret, name: 'a b' }, 'cluster.name'],
])('%j is refused', (cluster, message) => {
  expect(() => resolveConfig({ database, cluster }, {})).toThrow(message)
})

test('a node needs a database that others can share', () => {
  const cluster = { listen: '127.0.0.1:1', secret }
  expect(() => resolveConfig({ cluster }, {})).toThrow('cluster.listen: needs database.url')
})

test.each([
  { listen: '10.0.0.1:1', secret, allowPlainHttp: true },
  { listen: '10.0.0.1:1', secret, certFile: 'a.pem', keyFile: 'b.pem', caFile: 'c.pem' },
  { listen: '[::1]:1', secret, url: 'http://[::1]:1' },
])('%j is taken', cluster => {
  expect(resolveConfig({ database, cluster }, {}).cluster?.listen.port).toBe(1)
})
