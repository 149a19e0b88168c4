import { bodyOf, sharedJson } from '../log/shared-json.ts'
import type { EventRecord } from '../records.ts'

/** An event on its way to the readers. */
export interface FeedEntry {
  tenantId: string
  position: number
  event: EventRecord
  /** The size of its JSON, measured for the first reader that wants it. */
  bytes?: number
}

/** The size of an event, which is measured once. */
export function sizeOf(entry: FeedEntry): number {
  entry.bytes ??= Buffer.byteLength(sharedJson(bodyOf(entry.event)))
  return entry.bytes
}
