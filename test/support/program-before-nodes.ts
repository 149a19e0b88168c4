import { copyFile, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { x as extract } from 'tar'
import { temporaryDirectory } from './open-sessions.ts'

const archive = join(import.meta.dirname, '../fixtures/before-nodes.tar.gz')
const modules = join(import.meta.dirname, '../../node_modules')

/**
 * Unpacks the server of commit a7d14d60, the last one that knows nothing of nodes (migrations up to `031-title-source`).
 * The archive is `git archive a7d14d60 -- src package.json` without tests, client, demo and command line.
 *
 * @returns the program, as `openServerProgram` starts it
 */
export async function unpackProgramBeforeNodes(): Promise<string> {
  const directory = temporaryDirectory()
  await extract({ file: archive, cwd: directory })
  await symlink(modules, join(directory, 'node_modules'))
  const support = join(directory, 'test/support')
  await mkdir(support, { recursive: true })
  const program = join(support, 'server-program.ts')
  await copyFile(join(import.meta.dirname, 'server-program.ts'), program)
  return program
}
