import { join } from 'node:path'
import type { Logger } from 'pino'
import { Boxes } from '../claude/isolation/boxes.ts'
import { findBubblewrap, findObstacle } from '../claude/isolation/probe.ts'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import { findCredentialFault } from '../forwarder/channel/model-access.ts'
import { ControlGroups } from '../lib/box/control-groups.ts'
import { ConfigError } from '../lib/config-error.ts'
import type { NetworkRule } from '../lib/network-rule.ts'
import type { AgentChannels } from '../sessions/ports/index.ts'
import { GitBox } from '../workspace/git/git-box.ts'

/** The prefix of the control groups of this server. */
const groupPrefix = 'claude-code-api-'

export type IsolationOptions = Pick<
  ResolvedConfig,
  | 'isolation'
  | 'isolationLimits'
  | 'isolationPaths'
  | 'allowWeakerBounds'
  | 'dataDir'
  | 'workspacesDir'
  | 'agentEnvironment'
> & {
  agentNetwork?: NetworkRule
  /** Undefined: there are no snapshots of directories. */
  snapshotsDir?: string | undefined
}

/** The isolation in force. */
export interface Isolation {
  level: 'none' | 'process'
  /** The bounds that this machine cannot keep. */
  missingBounds: ('memory' | 'processes')[]
}

/** The means to isolate processes on this machine. */
export interface IsolationMeans {
  program: string
  groups: ControlGroups
  isolation: Isolation
  /** The missing bounds, for people. */
  weaknesses: string[]
}

/**
 * Refuses to run without a word where more than its owner may use the server.
 *
 * @param reason why isolation has to be chosen
 * @throws ConfigError if it was not
 */
export function requireChoice({ isolation }: Pick<IsolationOptions, 'isolation'>, reason: string): void {
  if (isolation !== undefined) return
  throw new ConfigError(
    'isolation',
    `must be set while ${reason}: "process" runs Claude Code in a box, "none" lets it do what this server may`,
  )
}

/** @throws ConfigError if the network of agents is to be limited, and cannot be */
export function refuseNetwork({
  isolation,
  agentNetwork = 'all',
}: Pick<IsolationOptions, 'isolation' | 'agentNetwork'>): void {
  if (isolation === 'process' || agentNetwork === 'all') return
  throw new ConfigError('agentNetwork', 'needs isolation: "process"; without it, agents reach everything')
}

/** Why isolation has to be chosen if strangers reach the server. */
export function beyondLoopback(host: string): string {
  return `the server listens on ${host}, which is not loopback`
}

/** Why isolation has to be chosen if there are several tenants. */
export const severalTenants = 'there is more than one tenant'

/**
 * Finds out whether this machine can isolate processes as configured; undefined: processes are not isolated.
 *
 * @throws ConfigError that says why it cannot
 */
export async function findIsolation(options: IsolationOptions): Promise<IsolationMeans | undefined> {
  refuseNetwork(options)
  if (options.isolation !== 'process') return undefined
  if (process.platform !== 'linux') throw impossible('it needs Linux')
  const program = findBubblewrap(options.agentEnvironment.PATH ?? '')
  if (program === undefined) throw impossible('bubblewrap (bwrap) is not installed')
  const groups = new ControlGroups(groupPrefix)
  const obstacle = await findObstacle(program, groups, options.isolationLimits)
  if (obstacle !== undefined) throw impossible(obstacle)
  const weaknesses = groups.missing.map(({ bound, reason }) => `${names[bound]} (${reason})`)
  if (weaknesses.length > 0 && !options.allowWeakerBounds) {
    throw impossible(
      `it cannot limit ${weaknesses.join(' and ')}; allowWeakerBounds starts without these limits`,
    )
  }
  const missingBounds = groups.missing.map(({ bound }) => names[bound])
  return { program, groups, isolation: { level: 'process', missingBounds }, weaknesses }
}

const names = { memoryBytes: 'memory', processes: 'processes' } as const

/** The directory of the server for boxes. */
export function boxDirectoryIn(dataDir: string): string {
  return join(dataDir, 'boxes')
}

/** Opens the boxes for the processes of Claude Code. */
export function openBoxes(
  options: IsolationOptions,
  means: IsolationMeans,
  channels: AgentChannels,
  log: Logger,
): Boxes {
  for (const weakness of means.weaknesses) log.warn({ limit: weakness }, 'isolation without a limit')
  const fault = findCredentialFault(options.agentEnvironment)
  if (fault !== undefined) log.warn({ reason: fault }, 'isolation without hidden credentials')
  const { snapshotsDir, dataDir, workspacesDir, isolationLimits, isolationPaths, agentEnvironment } = options
  return new Boxes({
    program: means.program,
    groups: means.groups,
    directory: boxDirectoryIn(dataDir),
    hidden: [
      dataDir,
      workspacesDir,
      ...(snapshotsDir ? [snapshotsDir] : []),
      ...claudeFiles(agentEnvironment),
    ],
    readable: isolationPaths,
    limits: isolationLimits,
    channels,
    environment: agentEnvironment,
  })
}

/** Opens the boxes for git. @param marker the marker of the processes of git */
export function openGitBox(
  { isolationLimits: limits, isolationPaths: readable }: IsolationOptions,
  { program, groups }: IsolationMeans,
  marker: string,
): GitBox {
  return new GitBox({ program, groups, readable, limits, marker })
}

/** Claude Code's own configuration, with the login of the server's user. */
function claudeFiles({ CLAUDE_CONFIG_DIR, HOME }: Readonly<Record<string, string>>): string[] {
  return [
    ...(CLAUDE_CONFIG_DIR ? [CLAUDE_CONFIG_DIR] : []),
    ...(HOME ? [join(HOME, '.claude'), join(HOME, '.claude.json')] : []),
  ]
}

function impossible(reason: string): ConfigError {
  return new ConfigError('isolation', `cannot be "process" on this machine: ${reason}`)
}
