// Builds console/ into dist/console, unless the build there is younger than everything that it is made of.
import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { compressFiles } from './compress-files.ts'

// The tests' environment would make it a build for development.
process.env.NODE_ENV = 'production'

const root = join(import.meta.dirname, '..')
const sources = ['console/**/*', 'src/client/**/*.ts', 'package-lock.json', 'scripts/compress-files.ts']
const output = join(root, 'dist/console')

function timeOf(file: string): number {
  return statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0
}

const newest = Math.max(...globSync(sources, { cwd: root }).map(timeOf))
if (process.argv.includes('--force') || timeOf('dist/console/index.html') < newest) {
  await build({ configFile: join(root, 'console/vite.config.ts'), logLevel: 'warn' })
  await compressFiles(output)
}
