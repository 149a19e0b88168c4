import { spawn } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { compiled } from './compiled.ts'
import { type Cli, watch } from './open-cli.ts'
import { temporaryDirectory } from './open-sessions.ts'

const program = join(import.meta.dirname, '../../scripts/demo-cluster/main.ts')

/** The demo of three nodes, with a directory for all that it writes; ended with its test. */
export function openDemoCluster(...args: string[]): Cli & { directory: string } {
  const directory = temporaryDirectory()
  // PostgreSQL may run as another user.
  chmodSync(directory, 0o755)
  const env = { ...compiled, PATH: '/usr/local/bin:/usr/bin:/bin', TMPDIR: directory }
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  return { ...watch(child), directory }
}
