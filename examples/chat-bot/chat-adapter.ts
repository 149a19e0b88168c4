/** A chat with threads and buttons, such as Slack. An adapter for a real one implements this. */
export interface ChatAdapter {
  /** The messages of people. Ends when the bot is to end. */
  messages(): AsyncIterable<{ thread: string; text: string }>
  post(thread: string, text: string): Promise<void>
  /** Posts a text with buttons. Resolves with the label of the one that is pressed; rejects when the signal aborts. */
  ask(thread: string, text: string, labels: readonly string[], signal: AbortSignal): Promise<string>
}
