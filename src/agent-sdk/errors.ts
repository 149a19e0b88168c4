/** The query was aborted by its `abortController`. */
export class AbortError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'AbortError'
  }
}

/** The program asks for something that a server cannot do for it; the message names it. */
export class NotSupportedError extends Error {
  /** Such as `options.sandbox` or `Query.reloadPlugins()`. */
  readonly subject: string

  constructor(subject: string, reason: string) {
    super(`${subject} is not supported by claude-code-api: ${reason}`)
    this.name = 'NotSupportedError'
    this.subject = subject
  }
}
