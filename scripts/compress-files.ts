import { globSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, gzip, constants as zlib } from 'node:zlib'

/** Shorter files are one packet as they are. */
const shortest = 1_000

const encoders = {
  br: (bytes: Buffer) =>
    promisify(brotliCompress)(bytes, { params: { [zlib.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes, { level: zlib.Z_BEST_COMPRESSION }),
}

/**
 * Writes the compressed files of a build into `.br/` and `.gzip/` within it, under their own names: a server sends
 * them by those names, with the type of the name, and never sends a hidden directory.
 */
export async function compressFiles(directory: string): Promise<void> {
  const names = globSync('**/*.{js,css,svg,webmanifest}', { cwd: directory })
  await Promise.all(
    names.map(async name => {
      const bytes = await readFile(join(directory, name))
      if (bytes.length < shortest) return
      for (const [encoding, encode] of Object.entries(encoders)) {
        const file = join(directory, `.${encoding}`, name)
        await mkdir(dirname(file), { recursive: true })
        await writeFile(file, await encode(bytes))
      }
    }),
  )
}
