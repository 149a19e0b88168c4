#!/usr/bin/env -S node --max-semi-space-size=8
// The flag keeps V8's young generation small, which saves a busy server a third of its memory (docs/performance.md).
import { findNodeFault } from '../lib/node-version.ts'

// The program is imported only after the version check: it uses features that older versions of Node do not have.
const fault = findNodeFault(process.versions.node)
if (fault !== undefined) {
  process.stderr.write(`claude-code-api: ${fault}\n`)
  process.exitCode = 1
} else {
  const { createProgram } = await import('./program.ts')
  await createProgram().parseAsync()
}
