import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'

/**
 * The time when the model's API accepts requests again. A rate limit of the account includes its reset
 * (`rate_limit_info.resetsAt`, Unix seconds). Otherwise Claude Code's last delay (`api_retry.retry_delay_ms`) is the
 * best hint, because it follows the API's `retry-after`.
 */
export class RetryHint {
  #resetsAt: number | undefined
  #delayMs: number | undefined

  observe(message: SDKMessage): void {
    if (message.type === 'rate_limit_event') {
      const { status, resetsAt } = message.rate_limit_info
      this.#resetsAt = status === 'rejected' && resetsAt !== undefined ? resetsAt * 1000 : undefined
    }
    if (message.type === 'system' && message.subtype === 'api_retry') this.#delayMs = message.retry_delay_ms
  }

  /** Milliseconds since 1970; undefined: unknown. */
  at(now: number): number | undefined {
    if (this.#resetsAt !== undefined && this.#resetsAt > now) return this.#resetsAt
    return this.#delayMs === undefined ? undefined : now + this.#delayMs
  }
}
