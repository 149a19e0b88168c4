/*
 * The life of a session's process
 *
 * A session has at most one process of Claude Code, and most of the time none. A slot of the pool stands for the
 * right to have one. These are the states, with what holds in each:
 *
 *   absent     no slot, no process. Nothing runs, and the session may be forgotten until its next request.
 *   admitted   a slot is held for a process that does not exist yet (or no longer): a turn or a question needs it.
 *   starting   the process is being made: the one before is waited for, the configuration is read, Claude Code is
 *              launched. Only one start at a time.
 *   busy       the process lives and has something to do: a turn, a question beside it, or autonomous work. It is
 *              never evicted.
 *   idle       the process lives and has nothing to do. Another session may evict it, last of all while background
 *              tasks run in it. After `idleTimeoutMs` it is ended.
 *   failed     the process could not start. It holds no slot; the next turn reports why, and the one after that
 *              starts another.
 *   suspended  a turn waits for a person. No slot, no process: the conversation is in the transcript, and the
 *              answer starts a process that resumes it.
 *   closed     the session or the server has ended. Late news of the process change nothing any more.
 *
 * A usual life: absent -admit-> admitted -launch-> starting -launched-> busy -rest-> idle -work-> busy ... -leave->
 * absent. With a person: busy -suspend-> suspended -admit-> admitted -launch-> starting ...
 *
 * The state decides about slot and eviction; nothing else does. A process that dies by itself (`exit`) leaves the
 * slot where something still needs it. `leave` is our own doing: eviction, idle timeout, another configuration.
 */

export type ProcessStatus =
  | 'absent'
  | 'admitted'
  | 'starting'
  | 'busy'
  | 'idle'
  | 'failed'
  | 'suspended'
  | 'closed'

export type ProcessEvent =
  /** A slot has been obtained. */
  | 'admit'
  /** Claude Code is about to be started. */
  | 'launch'
  /** It has been started. */
  | 'launched'
  /** It could not be started, or its configuration could not be read. */
  | 'abort'
  /** A turn, a question or autonomous work needs the process. */
  | 'work'
  /** Nothing needs it. */
  | 'rest'
  /** The process has ended by itself. */
  | 'exit'
  /** As `exit`, before it could take a prompt, and while nothing needed it. */
  | 'fail'
  /** The server ends the process. */
  | 'leave'
  /** The turn gives the process up and waits for a person. */
  | 'suspend'
  /** The session or the server ends. */
  | 'close'

/** A step that must not happen: taking it is a bug, and throws. */
const never = null

/** Every state against every event; the type makes the table complete. */
export const processTransitions: Record<ProcessStatus, Record<ProcessEvent, ProcessStatus | null>> = {
  absent: {
    admit: 'admitted',
    launch: never,
    launched: never,
    abort: never,
    work: never,
    rest: 'absent',
    exit: 'absent',
    fail: 'absent',
    leave: 'absent',
    suspend: 'suspended',
    close: 'closed',
  },
  admitted: {
    admit: 'admitted',
    launch: 'starting',
    launched: never,
    abort: 'admitted',
    work: 'admitted',
    rest: 'absent',
    exit: 'admitted',
    fail: 'admitted',
    leave: 'absent',
    suspend: 'suspended',
    close: 'closed',
  },
  starting: {
    admit: 'starting',
    launch: never,
    launched: 'busy',
    abort: 'admitted',
    work: 'starting',
    rest: 'starting',
    exit: 'starting',
    fail: 'starting',
    leave: never,
    suspend: never,
    close: 'closed',
  },
  busy: {
    admit: 'busy',
    launch: 'starting',
    launched: never,
    abort: never,
    work: 'busy',
    rest: 'idle',
    exit: 'admitted',
    fail: 'failed',
    leave: 'absent',
    suspend: 'suspended',
    close: 'closed',
  },
  idle: {
    admit: 'idle',
    launch: 'starting',
    launched: never,
    abort: never,
    work: 'busy',
    rest: 'idle',
    exit: 'absent',
    fail: 'failed',
    leave: 'absent',
    suspend: never,
    close: 'closed',
  },
  failed: {
    admit: 'admitted',
    launch: never,
    launched: never,
    abort: never,
    work: 'failed',
    rest: 'absent',
    exit: 'failed',
    fail: 'failed',
    leave: 'absent',
    suspend: never,
    close: 'closed',
  },
  suspended: {
    admit: 'admitted',
    launch: never,
    launched: never,
    abort: never,
    work: 'suspended',
    rest: 'absent',
    exit: 'suspended',
    fail: 'suspended',
    leave: 'suspended',
    suspend: 'suspended',
    close: 'closed',
  },
  closed: {
    admit: never,
    launch: never,
    launched: never,
    abort: 'closed',
    work: 'closed',
    rest: 'closed',
    exit: 'closed',
    fail: 'closed',
    leave: 'closed',
    suspend: 'closed',
    close: 'closed',
  },
}

/** States in which a slot of the pool is held. */
export const holdsSlot: Record<ProcessStatus, boolean> = {
  absent: false,
  admitted: true,
  starting: true,
  busy: true,
  idle: true,
  failed: false,
  suspended: false,
  closed: false,
}

/** @throws Error for a step that must not happen */
export function nextStatus(from: ProcessStatus, event: ProcessEvent): ProcessStatus {
  const to = processTransitions[from][event]
  if (to === null) throw new Error(`A session's process that is ${from} cannot ${event}`)
  return to
}
