import { toJsonLine } from '../../lib/json-line.ts'
import type { EventRecord } from '../records.ts'

const texts = new WeakMap<object, string>()

/** The object as one line of JSON, made once however many need it: its size, and every reader that is sent it. */
export function sharedJson(value: object): string {
  let text = texts.get(value)
  if (text === undefined) {
    text = toJsonLine(value)
    texts.set(value, text)
  }
  return text
}

/** The part of an event that can be large: for a message the message itself, else all that the envelope lacks. */
export function bodyOf(event: EventRecord): Record<string, unknown> {
  return event.type === 'message' ? event.payload.message : event.payload
}
