import { resolveDirectory } from '../files/working-directory.ts'
import { toWantedSpec } from '../lifecycle/new-session.ts'
import type { WantedSession } from '../lifecycle/wanted-session.ts'
import { optionsOf, type SessionsOptions } from '../options.ts'
import { checkPermissionMode } from '../permissions/permission-mode.ts'
import type { SettingPolicy } from '../settings/setting-policy.ts'
import type { SettingsInForce } from '../settings/settings-in-force.ts'

/** Whether a session with the configuration of a preset could be made today, as far as that shows without making one. */
export class PresetCheck {
  readonly #options: SessionsOptions
  readonly #policy: SettingPolicy
  readonly #settingsInForce: SettingsInForce

  constructor(options: SessionsOptions, policy: SettingPolicy, settingsInForce: SettingsInForce) {
    this.#options = options
    this.#policy = policy
    this.#settingsInForce = settingsInForce
  }

  /** @throws ServiceError SETTING_NOT_ALLOWED, PERMISSION_MODE_NOT_ALLOWED, CWD_NOT_ALLOWED, INVALID_REQUEST */
  async admit(tenantId: string, wanted: WantedSession): Promise<void> {
    const options = optionsOf(this.#options, tenantId)
    checkPermissionMode(wanted.permissionMode, options.allowBypassPermissions)
    const settings = await this.#policy.admit(tenantId, wanted)
    const cwd = await this.#resolvePlace(wanted, options)
    // Without a directory, trust is a matter of the session that is made.
    if (cwd === undefined) return
    const spec = toWantedSpec({ tenantId }, { ...wanted, ...settings }, cwd)
    this.#settingsInForce.require({ ...spec, workspace: null })
  }

  /** The directory that sessions would work in; undefined: each has its own, or the request for it says where. */
  async #resolvePlace(
    { cwd, workspace }: WantedSession,
    options: SessionsOptions,
  ): Promise<string | undefined> {
    if (cwd !== undefined) return resolveDirectory('cwd', cwd, options)
    if (workspace?.type === 'directory') return resolveDirectory('workspace.path', workspace.path, options)
    if (workspace?.type === 'worktree') {
      await resolveDirectory('workspace.repository', workspace.repository, options)
    }
    return undefined
  }
}
