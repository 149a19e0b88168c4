import { existsSync } from 'node:fs'
import type { ResolvedConfig } from '../../config/resolve-config.ts'
import { findProgramVersion } from '../../workspace/program-version.ts'
import { serverKeyFileIn } from '../server-key.ts'
import { checkClaude, checkModel } from './claude.ts'
import { type Finding, failure, ok, warning } from './finding.ts'
import { checkIsolation } from './isolation.ts'
import { checkCertificate, checkPort, type ServerAddress } from './network.ts'
import { checkDataDirectory, checkRoots, checkStore } from './places.ts'
import { readStoredKeys, type StoredKeys } from './stored-keys.ts'

export interface DoctorOptions {
  config: ResolvedConfig
  /** Where the server would listen. */
  address: ServerAddress
  /** Whether to ask the model, which costs money. */
  asksModel: boolean
}

/** Checks what a server with this configuration needs, one thing after the other. It changes nothing that is stored. */
export async function* examine({ config, address, asksModel }: DoctorOptions): AsyncGenerator<Finding> {
  yield ok('Node', process.version)
  const claude = await checkClaude(config)
  yield claude
  if (asksModel && claude.status === 'ok') yield await checkModel(config)
  yield checkDataDirectory(config)
  yield await checkStore(config)
  yield* checkRoots(config)
  const storedKeys = await readStoredKeys(config)
  yield checkKeys(config, storedKeys)
  yield await checkPort(address)
  if (address.tls) yield checkCertificate(address.tls)
  const searchPath = config.agentEnvironment.PATH ?? ''
  const git = await findProgramVersion('git', searchPath)
  yield git === undefined
    ? failure('git', 'not found', 'install git: workspaces and diffs need it')
    : ok('git', git)
  yield await checkIsolation(config, address.host, storedKeys)
}

function checkKeys({ auth, dataDir }: ResolvedConfig, stored: StoredKeys): Finding {
  const check = 'API keys'
  if (!auth.enabled)
    return warning(check, 'keys are off', 'anyone who can reach the address can run commands')
  const [short] = auth.shortKeys
  if (short !== undefined)
    return warning(check, `${short} is short enough to be guessed`, 'use at least 16 characters')
  const { length } = auth.keys
  const more = stored.count > 0 ? `, and ${stored.count} stored` : ''
  if (length > 0) return ok(check, `${length} configured${more}`)
  return existsSync(serverKeyFileIn(dataDir))
    ? ok(check, `the server's own${more}; to get a new own one, delete ${serverKeyFileIn(dataDir)}`)
    : ok(check, `none configured${more}; the first start creates one and prints it once`)
}
