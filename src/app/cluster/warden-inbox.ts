import { PushQueue } from '../../lib/push-queue.ts'

/**
 * Begins to read the messages of the process that has started this one; they end when its channel is closed. It must be
 * called before anything else is loaded: the node may be gone by then, and its messages with it.
 */
export function openInbox<T>(): AsyncIterable<T> {
  const inbox = new PushQueue<T>()
  process.on('message', message => inbox.push(message as T))
  process.once('disconnect', () => inbox.end())
  return inbox
}
