import { type ReportedEventType, reportedEventTypes } from '../../contract/webhooks.ts'
import type { NewEvent } from '../records.ts'

type ReportedEvent = Extract<NewEvent, { type: ReportedEventType }>

export function isReported(event: NewEvent): event is ReportedEvent {
  return (reportedEventTypes as readonly string[]).includes(event.type)
}

/** Returns the `data` of an event's payload: ids and outcome. The receiver asks the API for the rest. */
export function toData(event: ReportedEvent, sessionId: string): Record<string, unknown> {
  const { turnId } = event
  switch (event.type) {
    case 'session.created':
    case 'session.expired':
    case 'session.ended':
      return { sessionId }
    case 'conversation.lost':
      return { sessionId, extent: event.payload.extent }
    case 'workspace.restored': {
      const { source, turnCutOff } = event.payload
      return { sessionId, source, turnCutOff }
    }
    case 'permission.requested':
    case 'permission.resolved': {
      const { permissionId, kind, status } = event.payload
      return { sessionId, turnId, permissionId, kind, status }
    }
    case 'turn.failed':
    case 'turn.lost': {
      const { code, reason } = event.payload.error
      return { sessionId, turnId, status: event.payload.status, error: { code, reason } }
    }
    case 'turn.completed':
    case 'turn.interrupted':
      return { sessionId, turnId, status: event.payload.status, stopReason: event.payload.stopReason }
    case 'turn.timed_out':
      return { sessionId, turnId, status: event.payload.status }
  }
}
