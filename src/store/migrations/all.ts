import type { Migration } from '../migration.ts'
import { initial } from './001-initial.ts'
import { idempotency } from './002-idempotency.ts'
import { processes } from './003-processes.ts'
import { transcripts } from './004-transcripts.ts'
import { retention } from './005-retention.ts'
import { settings } from './006-settings.ts'
import { permissions } from './007-permissions.ts'
import { attachments } from './008-attachments.ts'
import { workspaces } from './009-workspaces.ts'
import { branching } from './010-branching.ts'
import { secrets } from './011-secrets.ts'
import { tasks } from './012-tasks.ts'
import { autonomousWork } from './013-own-work.ts'
import { runConfiguration } from './014-run-configuration.ts'
import { settingsInForce } from './015-settings-in-force.ts'
import { lostTurns } from './016-lost-turns.ts'
import { followedState } from './017-followed-state.ts'
import { turnEndings } from './018-turn-endings.ts'
import { turnDuration } from './019-turn-duration.ts'
import { storedText } from './020-stored-text.ts'
import { webhooks } from './021-webhooks.ts'
import { sessionRetention } from './022-session-retention.ts'
import { keys } from './023-keys.ts'
import { audit } from './025-audit.ts'
import { usageLedger } from './026-usage-ledger.ts'
import { lists } from './027-lists.ts'
import { search } from './027-search.ts'
import { consoleLogins } from './028-console-logins.ts'
import { push } from './029-push.ts'
import { feed } from './030-feed.ts'
import { titleSource } from './031-title-source.ts'
import { fences } from './032-fences.ts'
import { volumes } from './033-volumes.ts'
import { revisions } from './034-revisions.ts'
import { rateWindows } from './035-rate-windows.ts'
import { snapshots } from './036-snapshots.ts'
import { presets } from './037-presets.ts'
import { presetMetadata } from './038-preset-metadata.ts'

/** In the order in which they are applied; a bundler sees each of them. */
export const migrations: readonly Migration[] = [
  initial,
  idempotency,
  processes,
  transcripts,
  retention,
  settings,
  permissions,
  attachments,
  workspaces,
  branching,
  secrets,
  tasks,
  autonomousWork,
  runConfiguration,
  settingsInForce,
  lostTurns,
  followedState,
  turnEndings,
  turnDuration,
  storedText,
  webhooks,
  sessionRetention,
  keys,
  audit,
  usageLedger,
  lists,
  search,
  consoleLogins,
  push,
  feed,
  titleSource,
  fences,
  volumes,
  revisions,
  rateWindows,
  snapshots,
  presets,
  presetMetadata,
]
