import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { Forwarder } from '../forwarder/forwarder.ts'
import type { NetworkRule } from '../lib/network-rule.ts'

export interface ForwarderSettings {
  allowedPrivateHosts: readonly string[]
  agentNetwork?: NetworkRule
  agentEnvironment: Readonly<Record<string, string>>
}

/** Opens the forwarder with the proxies and certificates of the Claude Code processes. */
export async function openForwarder(
  { allowedPrivateHosts, agentNetwork, agentEnvironment }: ForwarderSettings,
  log: Logger,
): Promise<Forwarder> {
  const certificates: string[] = []
  for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) {
    const file = agentEnvironment[name]
    if (!file) continue
    const text = await readFile(file, 'utf8').catch(error => {
      log.warn({ err: error, variable: name }, 'reading certificates failed')
      return ''
    })
    if (text !== '') certificates.push(text)
  }
  return Forwarder.open({
    allowedPrivateHosts,
    ...(agentNetwork && { agentNetwork }),
    environment: agentEnvironment,
    certificates,
    log,
  })
}
