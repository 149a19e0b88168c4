import { ServiceError } from '../../contract/errors.ts'
import type { SessionConfiguration } from '../../contract/session-configuration.ts'
import type { Sealer } from '../../lib/sealed-text.ts'
import type { PresetRecord } from '../ports/index.ts'
import { Unlaunchable } from '../processes/unlaunchable.ts'
import { sealSettings, unsealSettings } from '../settings/secrets.ts'

/** Parts a configuration into what may be shown and what is sealed, as the settings of sessions are. */
export function sealConfiguration(
  configuration: SessionConfiguration,
  tenantId: string,
  sealer: Sealer,
): Pick<PresetRecord, 'configuration' | 'secrets'> {
  const { settings, secrets } = sealSettings(configuration, tenantId, sealer)
  return { configuration: settings, secrets }
}

/** @throws ServiceError PRESET_SECRETS_UNREADABLE */
export function unsealConfiguration(
  { configuration, secrets, tenantId }: PresetRecord,
  sealer: Sealer,
): SessionConfiguration {
  try {
    return unsealSettings({ settings: configuration, secrets, tenantId }, sealer)
  } catch (error) {
    if (!(error instanceof Unlaunchable)) throw error
    const message =
      'The secrets of the preset cannot be read: they were sealed with another secret key. ' +
      'Add a version with the secrets, or restore the old key'
    throw new ServiceError('PRESET_SECRETS_UNREADABLE', message)
  }
}
