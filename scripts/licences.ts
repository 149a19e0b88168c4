// Writes docs/licences.md: the packages that an installation brings along, by the lockfile; with --check it only says
// whether the file is true. Either way it fails for a licence that is not on the allow-list.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** Licences that ask for no more than to be named. */
const allowed = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  '0BSD',
  'Unlicense',
])

/** Packages under terms of their own, with the reason to use them all the same. */
const exceptions: { name: RegExp; terms: string }[] = [
  { name: /^@anthropic-ai\/claude-agent-sdk(-|$)/, terms: "Anthropic's terms for Claude Code" },
]

interface LockedPackage {
  version: string
  license?: string
  dev?: boolean
}

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, LockedPackage>
}
const installed = Object.entries(packages)
  .filter(([path, { dev }]) => path !== '' && !dev)
  .map(([path, { version, license }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    return { name, version, licence: termsOf(name, license) }
  })

function termsOf(name: string, license = 'none'): string {
  const exception = exceptions.find(one => one.name.test(name))
  if (exception) return exception.terms
  if (allowed.has(license)) return license
  throw new Error(`${name}: the licence ${license} is not on the allow-list of scripts/licences.ts`)
}

const rows = [
  ...new Set(installed.map(({ name, version, licence }) => `| \`${name}\` | ${version} | ${licence} |`)),
].sort()
const counts = Object.entries(Object.groupBy(installed, ({ licence }) => licence))
  .map(([licence, of = []]) => [licence, of.length] as const)
  .sort(([one, first], [other, second]) => second - first || one.localeCompare(other))
const text = `# Licences of dependencies

An installation of this package brings along the packages below, each under its own licence. The package itself is under the [MIT licence](../LICENSE).

All licences but one kind are permissive: they ask to be named, and nothing more. The exception is Claude Code, which comes with the Agent SDK: using it is subject to [Anthropic's terms](https://code.claude.com/docs/en/legal-and-compliance). [THIRD-PARTY.md](../THIRD-PARTY.md) has the licences of what is part of this package's own files. PostgreSQL needs the package \`pg\` (MIT), which you install yourself.

| licence | packages |
|---|---|
${counts.map(([licence, count]) => `| ${licence} | ${count} |`).join('\n')}

This page is generated from the lockfile (\`npm run licences\`); CI fails when it is out of date, or when a licence is not on the allow-list.

## Packages

| package | version | licence |
|---|---|---|
${rows.join('\n')}
`

const file = 'docs/licences.md'
if (!process.argv.includes('--check')) writeFileSync(join(root, file), text)
else if (readFileSync(join(root, file), 'utf8') !== text) {
  throw new Error(`${file} is not what the lockfile says: run \`npm run licences\``)
}
