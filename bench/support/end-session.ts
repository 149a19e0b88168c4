import { claudesOf } from '../../test/support/processes.ts'
import type { Caller } from './caller.ts'
import { until } from './waiting.ts'

/** Ends a session and its process: a process that is ending would take time from what is measured next. */
export async function endSession(caller: Caller, serverPid: number, session: string): Promise<void> {
  const { body } = await caller.call('GET', `/sessions/${session}`)
  await caller.call('DELETE', `/sessions/${session}`)
  await until(
    'the process of an ended session is gone',
    () => claudesOf(serverPid, body.claudeSessionId).length === 0,
  )
}
