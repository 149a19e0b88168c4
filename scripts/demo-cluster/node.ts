import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../test/support/free-port.ts'
import { type Program, startProgram } from './program.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')

export interface DemoNodeOptions {
  name: string
  /** Where the node has a directory of its own. */
  home: string
  /** The directory that all nodes share. */
  shared: string
  databaseUrl: string
  modelUrl: string
  key: string
  /** The secret and the sealing key that all nodes have. */
  secrets: { cluster: string; sealing: string }
  leaseMs: number
}

/** A node of the demo: the server as `claude-code-api serve` starts it, again and again at the same address. */
export interface DemoNode {
  readonly name: string
  readonly url: string
  readonly logFile: string
  readonly program: Program
  /** Starts it again, once it has ended. */
  restart(): Promise<void>
}

export async function startNode(options: DemoNodeOptions): Promise<DemoNode> {
  const { name, home, shared, databaseUrl, modelUrl, key, secrets, leaseMs } = options
  const own = join(home, name)
  mkdirSync(join(own, 'home'), { recursive: true })
  const port = await freePort()
  const configFile = join(own, 'config.json')
  const logFile = join(home, `${name}.log`)
  const config = {
    ...{ host: '127.0.0.1', port, trustProxy: 'loopback', logFormat: 'json' },
    dataDir: join(own, 'data'),
    database: { url: databaseUrl },
    auth: { apiKeys: [key] },
    secretKeys: [secrets.sealing],
    // Each session has a directory of its own, which every node reaches.
    ...{ allowedRoots: [shared], defaultCwd: shared, defaultWorkspace: 'empty' },
    workspacesDir: join(shared, 'workspaces'),
    cluster: { name, listen: '127.0.0.1:0', secret: secrets.cluster, leaseMs, volumes: [shared] },
    keepSpareProcess: false,
  }
  writeFileSync(configFile, JSON.stringify(config, undefined, 2), { mode: 0o600 })
  const environment = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: join(own, 'home'),
    CLAUDE_CONFIG_DIR: join(own, 'home', '.claude'),
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: 'stand-in',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: '1',
  }
  const start = async () => {
    const args = ['--max-semi-space-size=8', main, 'serve', '--config', configFile]
    const program = startProgram(process.execPath, args, environment, logFile)
    await program.says(/listening on (\S+)/)
    return program
  }
  let program = await start()
  return {
    ...{ name, logFile, url: `http://127.0.0.1:${port}` },
    get program() {
      return program
    },
    async restart() {
      program = await start()
    },
  }
}
