import type { Agent } from '../ports/index.ts'
import type { RunConfiguration } from '../records.ts'

/**
 * Returns the configuration of a process, for another one that continues in its place.
 * @param given what it was given last; its permission mode may have changed since
 */
export function toRunConfiguration(
  { permissionMode, requestedModel, maxTurns, settings, secrets }: RunConfiguration,
  agent: Agent | undefined,
): RunConfiguration {
  return {
    permissionMode: agent?.permissionMode ?? permissionMode,
    requestedModel,
    maxTurns,
    settings,
    secrets,
  }
}
