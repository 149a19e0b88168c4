import { readFileSync } from 'node:fs'

/** Returns the version of this package. The relative path works from `src` and `dist` alike. */
export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return (manifest as { version: string }).version
}
