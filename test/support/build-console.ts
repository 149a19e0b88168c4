import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Builds the console once for a run of tests, if its sources are younger than its build. */
export default function setup(): void {
  execFileSync(process.execPath, [join(root, 'scripts/build-console.ts')], { cwd: root })
}
