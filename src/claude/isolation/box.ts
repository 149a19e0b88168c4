import type { ChildProcess } from 'node:child_process'
import { existsSync, utimesSync } from 'node:fs'
import { basename, dirname, isAbsolute, join } from 'node:path'
import type { SpawnOptions } from '@anthropic-ai/claude-agent-sdk'
import {
  type BoxLimits,
  type BoxMount,
  boxHome,
  toBoxArguments,
  toJoiningArguments,
} from '../../lib/box/box-arguments.ts'
import type { ControlGroups } from '../../lib/box/control-groups.ts'
import type { AgentChannel } from '../../sessions/ports/index.ts'
import { boxEntry, handOver, toEntryCommand } from './hand-over.ts'

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

/** The options of all boxes. */
export interface BoxOptions {
  /** The path of bubblewrap. */
  program: string
  groups: ControlGroups
  /** Files and directories that no box contains, even if they lie inside of a session's directory. */
  hidden: readonly string[]
  /** More files and directories that boxes can read. */
  readable: readonly string[]
  limits: BoxLimits
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
  /** The server's own environment of Claude Code, whose paths the box gets. */
  paths: Readonly<Record<string, string>>
  /** The directory with the boxes' own files for `/etc`. */
  settings: string
  /** The host's directory of the conversation's transcripts; undefined: none are kept. */
  projects: string | undefined
}

/** A process as it is started inside of a box. */
export interface BoxedCommand {
  command: string
  args: string[]
  /** Connects the process that was started, which waits for it. It must have been given an IPC channel. */
  connect(child: ChildProcess): void
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

  /** Files and directories in those that are not in the box. */
  get hidden(): readonly string[] {
    return this.#parts.options.hidden
  }

  /**
   * @param marker names the control group
   * @param variables more variables for the process
   * @throws BoxRefusal for a directory that cannot be part of a box, Error if a control group cannot be made
   */
  wrap(options: SpawnOptions, marker: string, variables: Readonly<Record<string, string>>): BoxedCommand {
    const { options: common, channel } = this.#parts
    const { program, groups, limits } = common
    const { command, mounts } = this.#toCommand(options)
    const environment = { ...channel.inside(toVariables(options.env)), ...replaced, ...variables }
    const box = toBoxArguments({
      writable: this.#spec.writable,
      mounts: [...mounts, ...this.#toSettings(), ...this.#toMounts(environment)],
      hidden: common.hidden,
      cwd: this.#spec.cwd,
      home: boxHome,
      temporaryBytes: limits.temporaryBytes,
      homeBytes: limits.homeBytes,
    })
    const group = groups.create(marker, limits)
    return {
      command: '/bin/sh',
      args: [...toJoiningArguments(group.doors, program), ...box, ...command],
      connect: child => handOver(child, environment, listener => channel.serve(listener)),
      release: () => group.remove(),
    }
  }

  close(): void {
    this.#parts.channel.close()
  }

  /** Claude Code is one file, or a script that Node runs. */
  #toCommand({ command, args }: SpawnOptions): { command: string[]; mounts: BoxMount[] } {
    const entry = { from: boxEntry, to: join(programs, basename(boxEntry)) }
    const node = { from: process.execPath, to: join(programs, 'node') }
    const { address } = this.#parts.channel
    const port = address.slice(address.lastIndexOf(':') + 1)
    const [script] = args
    const runsScript = script !== undefined && isAbsolute(script) && existsSync(script)
    const program = { from: command, to: join(programs, basename(command)) }
    const inside = isAbsolute(command) && command !== process.execPath ? program : node
    return {
      command: toEntryCommand({ node: node.to, entry: entry.to }, port, inside.to, args),
      mounts: [
        node,
        entry,
        ...(inside === node ? [] : [program]),
        ...(runsScript ? toReadable([dirname(script)]) : []),
      ],
    }
  }

  #toMounts(environment: Readonly<Record<string, string>>): BoxMount[] {
    const { options, projects, paths } = this.#parts
    // The SDK has a directory of its own in which it hands a conversation over.
    const { CLAUDE_CONFIG_DIR: given = boxConfigDirectory } = environment
    const named = withPaths.flatMap(name => {
      const path = environment[name]
      return path !== undefined && path === paths[name] ? path : []
    })
    return [
      ...(given === boxConfigDirectory ? [] : [{ from: given, to: given, writable: true }]),
      ...(given === boxConfigDirectory && projects !== undefined ? [toProjects(projects)] : []),
      ...toReadable([...this.#spec.readable, ...options.readable, ...named]),
    ]
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

function toVariables(env: SpawnOptions['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
