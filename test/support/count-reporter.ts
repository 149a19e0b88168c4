import type { Reporter, TestModule } from 'vitest/node'
import { lanes, runsLong } from './lanes.ts'
import { describeLacks } from './machine.ts'

/** Ends a run with one plain line that says how many tests passed and failed, and what was left untested before it. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0
    let failed = unhandledErrors.length
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else if (state === 'failed') failed++
      }
      // A file that cannot be loaded has no tests, and that is not a success.
      if (!module.ok() && [...module.children.allTests('failed')].length === 0) failed++
    }
    const { lines, fails } = describeLacks(modules.map(({ moduleId }) => moduleId))
    if (fails) {
      failed += lines.length
      process.exitCode = 1
    }
    const left = describeLanesLeft(new Set(modules.map(({ project }) => project.name)))
    for (const line of [...left, ...lines]) process.stdout.write(`\n${line}`)
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
  }
}

/** One line for what another command would have run. */
function describeLanesLeft(run: ReadonlySet<string>): string[] {
  const left = lanes.filter(({ name, isLong }) => !isLong && !run.has(name)).map(({ name }) => name)
  return [
    ...(left.length > 0 ? [`not run here: ${left.join(', ')} (npm test)`] : []),
    ...(runsLong ? [] : ['not run here: long storms, browser (npm run test:long)']),
  ]
}
