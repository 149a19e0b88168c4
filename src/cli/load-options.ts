import { type Environment, readEnvironment } from '../config/env.ts'
import { serverOptionsSchema } from '../config/options-schema.ts'
import { type ResolvedConfig, resolveConfig, toConfigError } from '../config/resolve-config.ts'
import {
  type CollectedOptions,
  collectOptions,
  type FlagValues,
  findUnknownVariables,
  nameSource,
} from '../config/sources/collect-options.ts'
import { findConfigFile, readConfigFile, refuseReachableFile } from '../config/sources/config-file.ts'
import { serverOptions } from '../config/sources/server-option.ts'
import { type ResolvedTls, resolveTls } from '../config/tls.ts'
import { ConfigError } from '../lib/config-error.ts'

export interface LoadedOptions extends CollectedOptions {
  /** Where to listen. */
  address: { host: string; port: number; tls: ResolvedTls | undefined }
  /** The other options, as they are in force. */
  resolved: ResolvedConfig
  /** Runs what may find another fault in the options, and names its source. */
  naming<T>(work: () => T | Promise<T>): Promise<T>
}

/**
 * Loads the options of the server from flags, the environment and a file, in this order.
 *
 * @param configFile given by a flag
 * @param isDemo a demonstration takes no file that it was not given, and no places from the environment
 * @throws ConfigError that names what sets the invalid option
 */
export async function loadOptions(
  flags: FlagValues,
  configFile: string | undefined,
  isDemo: boolean,
): Promise<LoadedOptions> {
  const whole = readEnvironment()
  const env = isDemo ? withoutPlaces(whole) : whole
  const path = isDemo ? configFile : findConfigFile(configFile, env)
  const file = path === undefined ? undefined : readConfigFile(path)
  const collected = collectOptions(flags, env, file)
  for (const name of findUnknownVariables(env)) {
    process.stderr.write(`claude-code-api: ${name} sets no option; see claude-code-api config --json\n`)
  }
  const naming: LoadedOptions['naming'] = async work => {
    try {
      return await work()
    } catch (error) {
      throw error instanceof ConfigError ? nameSource(error, collected.sources) : error
    }
  }
  const { address, resolved } = await naming(() => resolve(collected.options, env))
  // A demonstration without given roots makes a directory of its own.
  if (file && !(isDemo && !collected.options.allowedRoots)) refuseReachableFile(file, resolved)
  return { ...collected, address, resolved, naming }
}

/** Fills in defaults. The library does not know the address to listen on. */
function resolve(
  given: CollectedOptions['options'],
  env: Environment,
): Pick<LoadedOptions, 'address' | 'resolved'> {
  const checked = serverOptionsSchema.safeParse(given)
  if (!checked.success) throw toConfigError(checked.error)
  const { host, port, tls, metrics } = checked.data
  const { apiKeys, keyHashes } = metrics
  const { host: _, port: __, tls: ___, ...options } = { ...given, metrics: { apiKeys, keyHashes } }
  return { address: { host, port, tls: resolveTls(tls) }, resolved: resolveConfig(options, env) }
}

/** Leaves out the directories and the database of other servers. */
function withoutPlaces(env: Environment): Environment {
  const places = /^(dataDir|workspacesDir|defaultCwd|allowedRoots|trustedRoots|database\..*|cluster\..*)$/
  const names = serverOptions
    .filter(({ path }) => places.test(path))
    .flatMap(({ variable, aliases }) => [variable, ...aliases])
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)))
}
