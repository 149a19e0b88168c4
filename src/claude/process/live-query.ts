import { randomUUID } from 'node:crypto'
import {
  type Options,
  type Query,
  query,
  type SDKMessage,
  type SDKUserMessage,
  type SpawnOptions,
} from '@anthropic-ai/claude-agent-sdk'
import { PushQueue } from '../../lib/push-queue.ts'
import type { ProcessEnd } from './exit-reason.ts'
import type { ProcessRegistry } from './process-registry.ts'
import type { ProcessTree } from './process-tree.ts'
import { type ProcessWatch, type SpawnedClaude, spawnClaude, type Wrap } from './spawn-claude.ts'
import { type TerminationBounds, terminate } from './termination.ts'

/** One Claude Code process, used through the SDK's streaming input. */
export interface LiveQuery {
  readonly query: Query
  /** The process with all that it has started; undefined before it was started. */
  readonly tree: ProcessTree | undefined
  /**
   * Sends a prompt to the process. The input stays open between prompts, because at its end the SDK closes standard
   * input, which ends the process.
   */
  send(message: SDKUserMessage): void
  /** Passes on all messages until the process is gone. Never rejects. */
  read(
    onMessage: (message: SDKMessage) => void,
  ): Promise<Pick<ProcessEnd, 'code' | 'signal' | 'errno' | 'text'>>
  /** Ends the process and its descendants at once, before anything reaches them. */
  kill(): Promise<void>
  /** Ends the process and its descendants within the time limits. */
  end(bounds: TerminationBounds): Promise<void>
}

export interface ProcessKeeping extends ProcessWatch {
  registry: ProcessRegistry
  /** null for a process without a conversation. */
  claudeSessionId: string | null
  /** Undefined: the process runs without a box. */
  wrap?: Wrap | undefined
}

/**
 * Starts a process; its errors surface at the end of `read`.
 *
 * @throws Error when it must not start, after `onFault` was called
 */
export function openQuery(options: Options, keeping: ProcessKeeping): LiveQuery {
  const input = new PushQueue<SDKUserMessage>()
  let spawned: SpawnedClaude | undefined
  let ended = false
  const live = query({
    prompt: input,
    options: {
      ...options,
      spawnClaudeCodeProcess: spawnOptions => {
        // A resumed conversation is first read from the store, so the end may come before the start.
        if (ended) throw new Error('ended before the process started')
        spawned = spawn(spawnOptions, keeping)
        return spawned.process
      },
    },
  })
  return {
    query: live,
    get tree() {
      return spawned?.tree
    },
    send: message => input.push(message),
    async read(onMessage) {
      let text = ''
      try {
        for await (const message of live) onMessage(message)
      } catch (error) {
        text = error instanceof Error ? error.message : String(error)
      } finally {
        input.end()
      }
      const end = await spawned?.exited
      return {
        code: end?.code ?? null,
        signal: end?.signal ?? null,
        errno: end?.error?.code,
        text: `${spawned?.stderrTail() ?? ''}\n${text}`,
      }
    },
    async kill() {
      ended = true
      await spawned?.tree?.kill()
      input.end()
      live.close()
    },
    async end(bounds) {
      ended = true
      input.end()
      if (spawned) await terminate(spawned, bounds)
      live.close()
    },
  }
}

function spawn(options: SpawnOptions, keeping: ProcessKeeping): SpawnedClaude {
  const { registry, claudeSessionId } = keeping
  const marker = randomUUID()
  try {
    registry.announce(marker, claudeSessionId)
  } catch (error) {
    const { message } = error as Error
    keeping.onFault({ reason: 'start_failed', message: `Claude Code was not started: ${message}` })
    throw error
  }
  let spawned: SpawnedClaude | undefined
  try {
    spawned = spawnClaude(options, keeping, marker, keeping.wrap)
  } catch (error) {
    const { message } = error as Error
    keeping.onFault({ reason: 'isolation_failed', message: `The process could not be isolated: ${message}` })
    throw error
  } finally {
    if (!spawned?.tree) registry.withdraw(marker)
  }
  keep(keeping, spawned)
  return spawned
}

function keep({ registry, claudeSessionId }: ProcessKeeping, { tree, swept }: SpawnedClaude): void {
  if (!tree) return
  registry.add(tree, claudeSessionId)
  void swept.then(() => registry.remove(tree))
}
