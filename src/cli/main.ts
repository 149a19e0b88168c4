#!/usr/bin/env -S node --max-semi-space-size=8
// The flag keeps V8's young generation small, which saves a busy server a third of its memory (docs/performance.md).
// The program is imported only after the version check: it uses features that older versions of Node do not have.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`claude-code-api: Node 22.18 or later is required; this is ${process.versions.node}\n`)
  process.exitCode = 1
} else {
  const { createProgram } = await import('./program.ts')
  await createProgram().parseAsync()
}
