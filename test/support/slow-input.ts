import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { temporaryDirectory } from './open-sessions.ts'

/**
 * The real Claude Code, which gets what is sent to it only after it has been up for a while.
 *
 * @returns the path of its program
 */
export function claudeWithSlowInput(seconds: number): string {
  const sdk = createRequire(createRequire(import.meta.url).resolve('@anthropic-ai/claude-agent-sdk'))
  const claude = sdk.resolve(`@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}/claude`)
  const path = join(temporaryDirectory(), 'slow-claude')
  const lines = ['#!/bin/bash', 'exec 3<&0', `exec '${claude}' "$@" < <(sleep ${seconds}; exec cat <&3) 3<&-`]
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o755 })
  return path
}
