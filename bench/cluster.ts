import { startPostgres } from '../test/support/postgres/postgres-server.ts'
import { measureClaims } from './cluster/claims.ts'
import { measureFences } from './cluster/fences.ts'
import { measureHop, pacedScript } from './cluster/hop.ts'
import { measureRestarts } from './cluster/restarts.ts'
import { endlessScript, measureTakeOver } from './cluster/take-over.ts'
import { openChild } from './support/child.ts'
import { openCluster } from './support/open-cluster.ts'
import type { Bench } from './support/scope.ts'

const leaseMs = 3_000
const defaultLeaseMs = 10_000

/** Several nodes on one PostgreSQL with fsync on: what a hop, a fence, the death of a node and its restart cost. */
export const cluster: Bench = async scope => {
  const postgres = await startPostgres(['fsync = on', 'synchronous_commit = on', 'max_wal_size = 4GB'])
  scope.onEnd(() => postgres.dispose())
  const { url } = postgres
  await measureFences(scope, url)
  await measureClaims(scope, url)
  const model = await openChild(scope, 'model.ts', {
    scripts: [pacedScript(scope.quick ? 20 : 250), endlessScript],
  })
  const names = ['a', 'b', 'c']
  const options = { drainTimeoutMs: 15_000 }
  const open = (schema: string, lease: number) =>
    openCluster(scope, { database: { url, schema }, modelUrl: model.url, names, leaseMs: lease, options })
  const nodes = await open('short_lease', leaseMs)
  await measureHop(scope, nodes)
  await measureRestarts(scope, nodes)
  await measureTakeOver(scope, nodes, leaseMs, [
    ['node', 3, leaseMs + 1_000],
    ['node and warden', 5, leaseMs + 1_000],
  ])
  await nodes.close()
  const usual = await open('default_lease', defaultLeaseMs)
  await measureTakeOver(scope, usual, defaultLeaseMs, [['node and warden', 1, 15_000]])
  await usual.close()
}
