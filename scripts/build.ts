// Emits the JavaScript and declarations of the package into dist/.
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
rmSync(join(root, 'dist'), { recursive: true, force: true })
execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
// The script of the page at /reference; THIRD-PARTY.md has its licence.
copyFileSync(
  join(root, 'node_modules/@scalar/api-reference/dist/browser/standalone.js'),
  join(root, 'dist/http/reference/scalar.js'),
)
chmodSync(join(root, 'dist/cli/main.js'), 0o755)
