import { hasSeveralTenants } from '../../access/several-tenants.ts'
import type { ResolvedConfig } from '../../config/resolve-config.ts'
import { findCredentialFault } from '../../forwarder/channel/model-access.ts'
import { ConfigError } from '../../lib/config-error.ts'
import { isLoopbackAddress } from '../../lib/host-name.ts'
import { beyondLoopback, findIsolation, refuseNetwork, requireChoice, severalTenants } from '../isolation.ts'
import { type Finding, failure, ok, warning } from './finding.ts'
import type { StoredKeys } from './stored-keys.ts'

const check = 'isolation'

/** Tries what the server would do, and says what it could do instead. */
export async function checkIsolation(
  config: ResolvedConfig,
  host: string,
  storedKeys: Pick<StoredKeys, 'hasOtherTenants'>,
): Promise<Finding> {
  const refusal = findRefusal(config, host, storedKeys)
  if (refusal) return failure(check, refusal, 'set isolation: see docs/guides/isolation.md')
  try {
    const means = await findIsolation({ ...config, isolation: 'process', allowWeakerBounds: true })
    const weaknesses = means?.weaknesses ?? []
    if (config.isolation !== 'process') return describeNone(weaknesses)
    if (weaknesses.length === 0) return describeBox(findCredentialFault(config.agentEnvironment))
    const message = `process, without a limit of ${weaknesses.join(' and ')}`
    return config.allowWeakerBounds
      ? warning(check, message, 'let the server manage its control group: see docs/guides/isolation.md')
      : failure(check, message, 'see docs/guides/isolation.md, or set allowWeakerBounds')
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return config.isolation === 'process'
      ? failure(
          check,
          error.message,
          'install bubblewrap, and allow user namespaces: see docs/guides/isolation.md',
        )
      : warning(
          check,
          `none: Claude's commands run as the user of the server (${error.message})`,
          'run the server in a container, or as a user of its own',
        )
  }
}

/** Why a server with this configuration would not start, whatever the machine can do. */
function findRefusal(
  config: ResolvedConfig,
  host: string,
  storedKeys: Pick<StoredKeys, 'hasOtherTenants'>,
): string | undefined {
  try {
    if (!isLoopbackAddress(host)) requireChoice(config, beyondLoopback(host))
    if (hasSeveralTenants(config, storedKeys)) requireChoice(config, severalTenants)
    refuseNetwork(config)
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

function describeBox(fault: string | undefined): Finding {
  if (fault === undefined) return ok(check, 'process: Claude Code runs in a box with all limits')
  return warning(check, `process: ${fault}`, 'see docs/guides/isolation.md')
}

function describeNone(weaknesses: readonly string[]): Finding {
  const without = weaknesses.length > 0 ? `, without a limit of ${weaknesses.join(' and ')}` : ''
  return warning(
    check,
    `none: Claude's commands run as the user of the server (process is possible here${without})`,
    'set isolation to process',
  )
}
