#!/usr/bin/env -S node --max-semi-space-size=8
// The flag keeps V8's young generation small: it saves a busy server a third of its memory (docs/performance.md).
// Loaded only after the version is known to do: what follows uses parts of Node that older ones do not have.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`claude-code-api: Node 22.18 or later is needed, this is ${process.versions.node}\n`)
  process.exitCode = 1
} else {
  const { createProgram } = await import('./program.ts')
  await createProgram().parseAsync()
}
