import type { Log } from '../../lib/log.ts'
import type {
  AddressForwarder,
  AgentInspection,
  AgentListener,
  TranscriptStore,
} from '../../sessions/ports/index.ts'
import type { Boxes } from '../isolation/boxes.ts'
import type { ProcessRegistry } from '../process/process-registry.ts'
import type { ClaudeSettings } from './sdk-options.ts'

/** The settings and services that a `ClaudeAgent` works with. */
export interface AgentContext {
  settings: ClaudeSettings
  listener: AgentListener
  transcripts: TranscriptStore | undefined
  registry: ProcessRegistry
  forwarder: AddressForwarder | undefined
  /** 0: off. */
  watchdogMs: number
  /** The directory for copies of skills; undefined: the system's temporary directory. */
  skillsDirectory?: string | undefined
  /** Undefined: processes run without a box. */
  boxes?: Boxes | undefined
  /** The directory of a conversation's transcripts for processes in a box; undefined: there have never been any. */
  boxedProjects(claudeSessionId: string): string | undefined
  /** The size at which a session's directories end its turn; undefined: none. */
  maxWorkspaceBytes?: number | undefined
  /** Whether tool calls may run at this moment; undefined: always. */
  mayAct?: (() => boolean) | undefined
  onInspection(inspection: AgentInspection): void
  log: Pick<Log, 'warn'>
}
