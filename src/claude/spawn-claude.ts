import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { SpawnOptions } from '@anthropic-ai/claude-agent-sdk'

const stderrTailLength = 8 * 1024

export type ClaudeChild = ChildProcessByStdio<Writable, Readable, Readable>

export interface SpawnedClaude {
  child: ClaudeChild
  /** The newest part of what the process wrote to standard error. */
  stderrTail(): string
  /** Resolves when the process is gone and its standard error has been read, or when it could not be started. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null; error?: NodeJS.ErrnoException }>
}

/**
 * Starts Claude Code as the leader of a process group of its own, so that it and what its tools start can be
 * ended together. The environment is exactly the one given.
 */
export function spawnClaude(options: SpawnOptions): SpawnedClaude {
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  let tail = ''
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (text: string) => {
    tail = (tail + text).slice(-stderrTailLength)
  })
  // A write to a process that has just died is told by its exit.
  child.stdin.on('error', () => {})
  const exited: SpawnedClaude['exited'] = new Promise(resolve => {
    child.once('error', error => {
      if (child.pid === undefined) resolve({ code: null, signal: null, error })
    })
    child.once('exit', (code, signal) => {
      const settle = () => resolve({ code, signal })
      // A grandchild may hold standard error open for ever; what the process itself wrote has arrived by then.
      const bound = setTimeout(settle, 200)
      child.stderr.once('close', () => {
        clearTimeout(bound)
        settle()
      })
    })
  })
  return { child, stderrTail: () => tail, exited }
}
