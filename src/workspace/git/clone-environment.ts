import type { CloneForwarding } from '../../sessions/ports/index.ts'
import type { CloneSource } from '../provisioning/clone-source.ts'

/** Builds the environment of a clone's git commands, which keeps settings out of the arguments. */
export function toCloneEnvironment(
  source: CloneSource,
  forwarding: CloneForwarding | undefined,
): Record<string, string> {
  const environment = { ...source.environment, ...forwarding?.environment }
  let count = Number(environment.GIT_CONFIG_COUNT ?? 0)
  const settings: Record<string, string> = {}
  for (const [key, value] of Object.entries(forwarding?.settings ?? {})) {
    settings[`GIT_CONFIG_KEY_${count}`] = key
    settings[`GIT_CONFIG_VALUE_${count}`] = value
    count++
  }
  return { ...environment, ...settings, GIT_CONFIG_COUNT: String(count), GIT_ALLOW_PROTOCOL: source.protocol }
}
