// Emits the JavaScript and declarations of the package into dist/, and the client as one file.
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, globSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bundleClient } from './bundle-client.ts'

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

// One file takes the place of the client's modules; their declarations stay.
const client = join(root, 'dist/client')
for (const name of globSync('**/*.{js,js.map}', { cwd: client })) rmSync(join(client, name))
await bundleClient(client)

execFileSync(process.execPath, [join(root, 'scripts/build-console.ts'), '--force'], {
  cwd: root,
  stdio: 'inherit',
})

chmodSync(join(root, 'dist/cli/main.js'), 0o755)
