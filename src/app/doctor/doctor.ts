import type { ResolvedConfig } from '../../config/resolve-config.ts'
import type { ResolvedTls } from '../../config/tls.ts'
import { findProgramVersion } from '../../workspace/program-version.ts'
import { checkClaude, checkModel } from './claude.ts'
import { type Finding, failure, ok, warning } from './finding.ts'
import { checkIsolation } from './isolation.ts'
import { checkCertificate, checkPort } from './network.ts'
import { checkDataDirectory, checkRoots, checkStore } from './places.ts'

export interface DoctorOptions {
  config: ResolvedConfig
  /** Where the server would listen. */
  address: { host: string; port: number; tls?: ResolvedTls | undefined }
  /** Whether to ask the model, which costs money. */
  asksModel: boolean
}

/** Checks what a server with this configuration needs, one thing after the other. It changes nothing. */
export async function* examine({ config, address, asksModel }: DoctorOptions): AsyncGenerator<Finding> {
  yield ok('Node', process.version)
  const claude = await checkClaude(config)
  yield claude
  if (asksModel && claude.status === 'ok') yield await checkModel(config)
  yield checkDataDirectory(config)
  yield await checkStore(config)
  yield* checkRoots(config)
  yield checkKeys(config)
  yield await checkPort(address.host, address.port)
  if (address.tls) yield checkCertificate(address.tls)
  const searchPath = config.agentEnvironment.PATH ?? ''
  const git = await findProgramVersion('git', searchPath)
  yield git === undefined
    ? failure('git', 'not found', 'install git: workspaces and diffs need it')
    : ok('git', git)
  yield await checkIsolation(config)
}

function checkKeys({ auth }: ResolvedConfig): Finding {
  const check = 'API keys'
  if (!auth.enabled)
    return warning(check, 'keys are off', 'anyone who can reach the address can run commands')
  const [short] = auth.shortKeys
  if (short !== undefined)
    return warning(check, `${short} is short enough to be guessed`, 'use at least 16 characters')
  const { length } = auth.keys
  return length === 0
    ? ok(check, 'none configured; the first start creates one and prints it once')
    : ok(check, length === 1 ? 'one' : String(length))
}
