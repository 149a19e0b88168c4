import { join } from 'node:path'
import { build } from 'rolldown'

const input = join(import.meta.dirname, '../src/client/index.ts')

/** Writes the client as one file without imports, `index.js`, so that a page can load it as it is. */
export async function bundleClient(directory: string): Promise<void> {
  await build({ input, output: { dir: directory, sourcemap: true, minify: true } })
}
