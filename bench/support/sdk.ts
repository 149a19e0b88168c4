import { type Options, query, type SDKMessage, type SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'
import { PushQueue } from '../../src/lib/push-queue.ts'

/** From the prompt, in milliseconds. */
export interface Timing {
  /** To the first piece of the answer. */
  firstMs: number
  /** To the whole answer. */
  answerMs: number
}

export interface LiveSdk {
  /** @param onDelta is given each piece of the answer */
  ask(prompt: string, onDelta?: (event: unknown) => void): Promise<Timing>
  /** Ends the process and waits until it is gone. */
  close(): Promise<void>
}

/** The SDK as it is, with one process for all prompts. */
export function openLiveSdk(options: Options): LiveSdk {
  const input = new PushQueue<SDKUserMessage>()
  const live = query({ prompt: input, options })
  let observe: (message: SDKMessage) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const over = (async () => {
    for await (const message of live) observe(message)
  })().catch(error => fail(error))
  return {
    ask(prompt, onDelta) {
      return new Promise((resolve, reject) => {
        const watch = createWatch()
        fail = reject
        observe = message => {
          watch.see(message)
          if (message.type === 'stream_event' && message.event.type === 'content_block_delta')
            onDelta?.(message.event)
          // A turn is over when Claude Code says so; its answer was there before.
          if (message.type === 'system' && message.subtype === 'session_state_changed') {
            const timing = watch.timing()
            if (message.state === 'idle' && timing) resolve(timing)
          }
        }
        watch.begin()
        input.push({
          type: 'user',
          message: { role: 'user', content: prompt },
          parent_tool_use_id: null,
        })
      })
    },
    async close() {
      input.end()
      await over
      live.close()
    },
  }
}

/** One prompt with a process of its own; resolves when the process is gone. */
export async function askOnce(prompt: string, options: Options): Promise<Timing> {
  const watch = createWatch()
  watch.begin()
  const single = query({ prompt, options })
  try {
    for await (const message of single) watch.see(message)
  } finally {
    single.close()
  }
  const timing = watch.timing()
  if (!timing) throw new Error('the SDK did not answer')
  return timing
}

function createWatch() {
  let begun = 0
  let firstMs: number | undefined
  let answerMs: number | undefined
  return {
    begin() {
      begun = performance.now()
    },
    see(message: SDKMessage) {
      if (message.type === 'stream_event' && message.event.type === 'content_block_delta')
        firstMs ??= performance.now() - begun
      if (message.type === 'result') answerMs ??= performance.now() - begun
    },
    timing: (): Timing | undefined =>
      firstMs === undefined || answerMs === undefined ? undefined : { firstMs, answerMs },
  }
}
