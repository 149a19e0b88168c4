/** The query was aborted by its `abortController`. Like that of the SDK, it is known by its class. */
export class AbortError extends Error {}

/** The program asks for something that a server cannot do for it; the message names it. */
export class NotSupportedError extends Error {
  /** Such as `options.sandbox` or `Query.reloadPlugins()`. */
  readonly subject: string

  constructor(subject: string, reason: string, options?: ErrorOptions) {
    super(`${subject} is not supported by claude-code-api: ${reason}`, options)
    this.name = 'NotSupportedError'
    this.subject = subject
  }
}
