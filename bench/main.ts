// node bench/main.ts [name ...] [--quick] [--profile <directory>]
import { parseArgs } from 'node:util'
import { bounds } from './bounds.ts'
import { cluster } from './cluster.ts'
import { consolePages } from './console.ts'
import { density } from './density.ts'
import { doors } from './doors.ts'
import { fleet } from './fleet.ts'
import { isolation } from './isolation.ts'
import { readers } from './readers.ts'
import { reads } from './reads.ts'
import { soak } from './soak.ts'
import { spare } from './spare.ts'
import { start } from './start.ts'
import { store } from './store.ts'
import { describeMachine } from './support/machine.ts'
import { print } from './support/report.ts'
import { type Bench, runBench } from './support/scope.ts'
import { turns } from './turns.ts'

const benches: Record<string, Bench> = {
  turns,
  spare,
  readers,
  fleet,
  density,
  isolation,
  reads,
  store,
  cluster,
  doors,
  start,
  bounds,
  console: consolePages,
  soak,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, profile: { type: 'string' } },
})
const names = positionals.length > 0 ? positionals : Object.keys(benches)
const unknown = names.filter(name => !benches[name])
if (unknown.length > 0) {
  process.stderr.write(`no such bench: ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}\n`)
  process.exit(2)
}
// What is open ends with this process; only its directory has to be removed, which happens at its exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

print(describeMachine())
if (values.quick) print('A smoke run: its figures mean nothing.')
for (const name of names) {
  const begun = performance.now()
  print(`\n## ${name}\n`)
  try {
    const bench = benches[name]
    if (bench) await runBench(bench, { quick: values.quick, profileDirectory: values.profile })
  } catch (error) {
    process.exitCode = 1
    print(`FAILED  ${error instanceof Error ? error.stack : error}`)
  }
  print(`(${((performance.now() - begun) / 1000).toFixed(0)} s)`)
}
