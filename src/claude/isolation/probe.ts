import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { boxHome, toBoxArguments, toJoiningArguments } from '../../lib/box/box-arguments.ts'
import type { ControlGroups } from '../../lib/box/control-groups.ts'
import type { BoxOptions } from './box.ts'

/** Version 0.8 can forbid user namespaces inside of a box. */
const oldest = [0, 8] as const
const usualPlaces = ['/usr/bin', '/usr/local/bin']
const timeoutMs = 10_000

/** Returns the path of bubblewrap; undefined if it is not installed. */
export function findBubblewrap(searchPath: string): string | undefined {
  const directories = [...usualPlaces, ...searchPath.split(delimiter).filter(Boolean)]
  return directories.map(directory => join(directory, 'bwrap')).find(isExecutable)
}

/** Runs a program in a box with all that boxes have. Returns why that is not possible; undefined: it is. */
export async function findObstacle(
  program: string,
  groups: ControlGroups,
  limits: BoxOptions['limits'],
): Promise<string | undefined> {
  const version = await run(program, ['--version'])
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(version.output) ?? []).slice(1).map(Number)
  if (version.failed) return `${program} cannot be run: ${version.output}`
  if (major === oldest[0] && minor < oldest[1]) {
    return `bubblewrap ${major}.${minor} is older than ${oldest.join('.')}`
  }
  const { temporaryBytes, homeBytes } = limits
  const contents = {
    writable: [],
    mounts: [],
    hidden: [],
    cwd: '/',
    home: boxHome,
    temporaryBytes,
    homeBytes,
  }
  const name = `probe-${process.pid}`
  try {
    const { doors } = groups.create(name, limits)
    const args = [...toJoiningArguments(doors, program), ...toBoxArguments(contents), '/bin/true']
    const { failed, output } = await run('/bin/sh', args)
    return failed ? output : undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await groups.remove(name)
  }
}

function run(program: string, args: readonly string[]): Promise<{ failed: boolean; output: string }> {
  const options = { env: {}, timeout: timeoutMs, killSignal: 'SIGKILL' } as const
  return new Promise(resolve => {
    execFile(program, args, options, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`.trim() || error?.message || ''
      resolve({ failed: error !== null, output })
    })
  })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
