import { ServiceError } from '../../contract/errors.ts'
import type { SettingSource } from '../../contract/session-settings.ts'
import { readInstructions } from '../instructions/read-instructions.ts'
import { optionsOf, type SessionsOptions, type TenantPolicy } from '../options.ts'
import type { AgentSpec, WorkspaceFiles } from '../ports/index.ts'
import type { NewEvent, SessionRecord } from '../records.ts'
import { isTrusted } from './trust.ts'

export type SourcePolicy = Pick<SessionsOptions, 'allowedSettingSources' | 'policyOf'> & TenantPolicy

type Place = Pick<SessionRecord, 'tenantId' | 'cwd' | 'workspace' | 'remembered'> & {
  settings: Pick<SessionRecord['settings'], 'settingSources' | 'additionalDirectories'>
}

/** The settings and instructions of a session's directories that take effect. */
export interface InForce {
  /** The settings files that Claude Code reads. */
  settingSources: SettingSource[]
  /** Whether the server reads the instructions of the directories as text. */
  instructions: boolean
  /** Whether the owner of the server trusts all the session's directories. */
  trusted: boolean
}

/** Settings of the directory that the session works in, as opposed to those of the server's user. */
const needsTrust = (source: SettingSource) => source !== 'user'

/** Decides which settings of a session's directories take effect, and reads their instructions. */
export class SettingsInForce {
  readonly #policy: SourcePolicy
  readonly #files: WorkspaceFiles

  constructor(policy: SourcePolicy, files: WorkspaceFiles) {
    this.#policy = policy
    this.#files = files
  }

  of(session: Place): InForce {
    const asked = session.settings.settingSources
    const trusted = this.#findUntrusted(session) === undefined
    const settingSources = (asked ?? []).filter(
      source => this.#policy.allowedSettingSources.includes(source) && (trusted || !needsTrust(source)),
    )
    const lost = asked?.includes('project') === true && !settingSources.includes('project')
    return { settingSources, instructions: asked === undefined || lost, trusted }
  }

  /** @throws ServiceError SETTING_NOT_ALLOWED when a source is asked for that needs a trusted directory */
  require(session: Place): void {
    const source = session.settings.settingSources?.find(needsTrust)
    if (source === undefined) return
    const directory = this.#findUntrusted(session)
    if (directory === undefined) return
    const message =
      `settingSources: ${source} takes effect only in directories that this server's owner trusts, and ` +
      `${directory} is not one of them; omit settingSources to use only the instructions`
    const allowed = this.#policy.allowedSettingSources.filter(other => !needsTrust(other))
    throw new ServiceError('SETTING_NOT_ALLOWED', message, {
      setting: 'settingSources',
      option: 'trustedRoots',
      allowed,
    })
  }

  /** Returns the settings and instructions for a new process. */
  async load(session: Place): Promise<Pick<AgentSpec, 'settingSources' | 'instructions'>> {
    const { settingSources, instructions } = this.of(session)
    const { cwd, settings } = session
    const roots = [cwd, ...(settings.additionalDirectories ?? [])] as const
    return {
      settingSources,
      instructions: instructions ? await readInstructions(this.#files, roots) : null,
    }
  }

  /** Claude Code loads skills and agents from every directory of a session, so one is enough. */
  #findUntrusted({ tenantId, cwd, workspace, settings, remembered }: Place): string | undefined {
    const added = remembered.flatMap(({ type, directories }) =>
      type === 'addDirectories' ? (directories as string[]) : [],
    )
    const directories = [cwd, ...(settings.additionalDirectories ?? []), ...added]
    const policy = optionsOf(this.#policy, tenantId)
    return directories.find(directory => !isTrusted(directory, workspace, policy))
  }
}

/**
 * Returns the change to store when a session's process starts: the settings files that it reads, and an event if they
 * are fewer than before. Undefined: nothing has changed.
 */
export function noteInForce(
  session: Pick<SessionRecord, 'settings' | 'settingsInForce'>,
  settingSources: readonly SettingSource[],
): { session: Pick<SessionRecord, 'settingsInForce'>; events: NewEvent[] } | undefined {
  const before = session.settingsInForce
  const expected = before ?? session.settings.settingSources ?? []
  const lost = expected.filter(source => !settingSources.includes(source))
  if (before !== null && lost.length === 0 && before.length === settingSources.length) return undefined
  const payload = { settingSources: [...settingSources], ignored: lost }
  return {
    session: { settingsInForce: [...settingSources] },
    events: lost.length > 0 ? [{ type: 'settings.restricted', turnId: null, payload }] : [],
  }
}
