import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, loadavg, totalmem } from 'node:os'
import { dirname, join } from 'node:path'

/** What figures depend on. Without names: it is meant for publishing. */
export function describeMachine(): string {
  const sdk = dirname(createRequire(import.meta.url).resolve('@anthropic-ai/claude-agent-sdk'))
  const manifest = JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8')) as Record<string, string>
  return [
    `${availableParallelism()} processors, ${Math.round(totalmem() / 1024 ** 3)} GB`,
    `${process.platform} ${process.arch}`,
    `Node ${process.versions.node}`,
    `Claude Code ${manifest.claudeCodeVersion ?? 'unknown'} (Agent SDK ${manifest.version})`,
    `load before the run ${loadavg()[0]?.toFixed(1)}`,
  ].join(' · ')
}
