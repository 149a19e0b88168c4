import type { ModelInfo } from '../contract/system.ts'
import type { LimitsParts } from './limits/limits.ts'
import type { SessionsOptions } from './options.ts'
import type { AgentLauncher, TranscriptEditor, WorkspaceFiles, Workspaces } from './ports/index.ts'
import type { PushParts } from './push/push.ts'
import type { SessionsObserver } from './reports/figures.ts'
import type { WebhooksParts } from './webhooks/webhook-registry.ts'

/** The parts that the session layer is made of. */
export interface SessionsParts extends WebhooksParts, PushParts, LimitsParts {
  launcher: AgentLauncher
  transcriptEditor: TranscriptEditor
  workspace: WorkspaceFiles
  workspaces: Workspaces
  observer: SessionsObserver
  options: SessionsOptions
  /** Called when a session is closed with the server, and everything of it is stored. Left out: nothing is done. */
  onSessionClosed?: (sessionId: string) => Promise<void>
  /** The models that `models` returns before Claude Code was inspected. */
  builtInModels: ModelInfo[]
}
