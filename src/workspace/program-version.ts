import { execFile } from 'node:child_process'

const timeoutMs = 5_000

/** Returns the first line that a program prints about its version; undefined: it cannot be run. */
export function findProgramVersion(program: string, searchPath: string): Promise<string | undefined> {
  return new Promise(resolve => {
    const options = { env: { PATH: searchPath }, timeout: timeoutMs, maxBuffer: 64 * 1024 }
    execFile(program, ['--version'], options, (error, stdout) => {
      resolve(error ? undefined : stdout.split('\n', 1)[0]?.trim())
    })
  })
}
