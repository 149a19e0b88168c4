import { existsSync, utimesSync } from 'node:fs'
import { basename, dirname, isAbsolute, join } from 'node:path'
import type { SpawnOptions } from '@anthropic-ai/claude-agent-sdk'
import { type BoxMount, toBoxArguments, toJoiningArguments } from '../../lib/box/box-arguments.ts'
import type { ControlGroups, GroupBounds } from '../../lib/box/control-groups.ts'
import type { AgentChannel } from '../../sessions/ports/index.ts'

/** The home directory in the box. */
export const boxHome = '/home/box'
/** The configuration directory of Claude Code in the box. */
export const boxConfigDirectory = join(boxHome, '.claude')
/** The directory in the box for the programs that the server brings along. */
const programs = '/run/claude-code-api'

/** Variables that say where things are on this machine; the box has others. */
const replaced = {
  HOME: boxHome,
  USER: 'box',
  LOGNAME: 'box',
  SHELL: '/bin/bash',
  TMPDIR: '/tmp',
  CLAUDE_CODE_TMPDIR: '/tmp',
}

/** Variables with the path of a file or directory, which the box then has too. */
const withPaths = [
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'GOOGLE_APPLICATION_CREDENTIALS'],
  ...['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE', 'AWS_CA_BUNDLE', 'AWS_WEB_IDENTITY_TOKEN_FILE'],
]

/** What all boxes have in common. */
export interface BoxOptions {
  /** The path of bubblewrap. */
  program: string
  groups: ControlGroups
  /** Files and directories that no box contains, even if they lie inside of a session's directory. */
  hidden: readonly string[]
  /** More files and directories that boxes can read. */
  readable: readonly string[]
  limits: GroupBounds & { temporaryBytes: number; homeBytes: number }
}

export interface BoxSpec {
  /** Real paths of directories that the process may change. */
  writable: readonly string[]
  /** Files and directories that it may read. */
  readable: readonly string[]
  cwd: string
}

export interface BoxParts {
  options: BoxOptions
  channel: AgentChannel
  /** The directory with the boxes' own files for `/etc`. */
  settings: string
  /** The host's directory of the conversation's transcripts; undefined: none are kept. */
  projects: string | undefined
}

/** A process as it is started inside of a box. */
export interface BoxedCommand {
  command: string
  args: string[]
  env: Record<string, string | undefined>
  /** Removes its control group; to be called when the process and everything that it has started is gone. */
  release(): Promise<boolean>
}

/** The box of one conversation's process, or of several one after the other. */
export class Box {
  readonly #spec: BoxSpec
  readonly #parts: BoxParts

  constructor(spec: BoxSpec, parts: BoxParts) {
    this.#spec = spec
    this.#parts = parts
  }

  /** The directories whose size counts. */
  get measured(): string[] {
    const { projects } = this.#parts
    return [...this.#spec.writable, ...(projects === undefined ? [] : [projects])]
  }

  /**
   * @param marker names the control group
   * @param environment the server's environment of Claude Code, whose paths the box gets
   * @throws BoxRefusal for a directory that cannot be part of a box, Error if a control group cannot be made
   */
  wrap(options: SpawnOptions, marker: string, environment: Readonly<Record<string, string>>): BoxedCommand {
    const { options: common, channel, projects } = this.#parts
    const { program, groups, limits, hidden } = common
    const { command, args, mounts } = this.#toCommand(options)
    const env = this.#toEnvironment(options.env)
    // The SDK has its own directory where it hands a conversation over.
    const given = env.CLAUDE_CONFIG_DIR
    const isOwn = given === boxConfigDirectory
    const box = toBoxArguments({
      writable: this.#spec.writable,
      mounts: [
        ...mounts,
        ...channel.mounts,
        ...this.#toSettings(),
        ...(isOwn || given === undefined ? [] : [{ from: given, to: given, writable: true }]),
        ...(isOwn && projects !== undefined ? [toProjects(projects)] : []),
        ...toReadable([
          ...this.#spec.readable,
          ...common.readable,
          ...withPaths.flatMap(name => (env[name] === environment[name] ? (env[name] ?? []) : [])),
        ]),
      ],
      hidden,
      cwd: this.#spec.cwd,
      home: boxHome,
      temporaryBytes: limits.temporaryBytes,
      homeBytes: limits.homeBytes,
    })
    const group = groups.create(marker, limits)
    return {
      command: '/bin/sh',
      args: [...toJoiningArguments(group.doors, program), ...box, ...channel.entry, command, ...args],
      env,
      release: () => group.remove(),
    }
  }

  async close(): Promise<void> {
    await this.#parts.channel.close()
  }

  /** Claude Code is one file, or a script that a program of the machine runs. */
  #toCommand({ command, args }: SpawnOptions): { command: string; args: string[]; mounts: BoxMount[] } {
    const [script] = args
    const hasScript = script !== undefined && isAbsolute(script) && existsSync(script)
    const mounts = hasScript ? toReadable([dirname(script)]) : []
    if (!isAbsolute(command)) return { command, args, mounts }
    const inside = join(programs, basename(command))
    return { command: inside, args, mounts: [...mounts, { from: command, to: inside }] }
  }

  #toEnvironment(env: SpawnOptions['env']): Record<string, string | undefined> {
    const { withheld, environment } = this.#parts.channel
    const left = Object.entries(env).filter(([name]) => !withheld.includes(name))
    return { ...Object.fromEntries(left), ...replaced, ...environment }
  }

  #toSettings(): BoxMount[] {
    const { settings } = this.#parts
    return ['passwd', 'group', 'hosts', 'nsswitch.conf'].map(name => ({
      from: join(settings, name),
      to: join('/etc', name),
    }))
  }
}

/** The directory is touched, so that it is kept. */
function toProjects(projects: string): BoxMount {
  const now = new Date()
  utimesSync(dirname(projects), now, now)
  return { from: projects, to: join(boxConfigDirectory, 'projects'), writable: true }
}

/** At their own paths, those that exist. */
function toReadable(paths: readonly string[]): BoxMount[] {
  return [...new Set(paths)]
    .filter(path => isAbsolute(path) && existsSync(path))
    .map(path => ({ from: path, to: path }))
}
