import { existsSync } from 'node:fs'
import { type BoxLimits, boxHome, toBoxArguments, toJoiningArguments } from '../../lib/box/box-arguments.ts'
import type { ControlGroups } from '../../lib/box/control-groups.ts'

/** The files that a run of git may reach in its box. */
export interface GitReach {
  /** Directories of the server, which git may change. */
  own: readonly string[]
  /** Parts of those that it may only read. */
  fixed?: readonly string[]
  /** Real paths of directories of sessions and repositories that git may change. */
  writable: readonly string[]
  /** Real paths of directories that it may only read. */
  readable: readonly string[]
}

export interface GitBoxParts {
  /** The path of bubblewrap. */
  program: string
  groups: ControlGroups
  /** Files and directories that every box can read. */
  readable: readonly string[]
  limits: BoxLimits
  /** The beginning of the names of the control groups, by which the next start removes them after a crash. */
  marker: string
}

/** Boxes for git that works on repositories which an agent can write: without a network, and with only their files. */
export class GitBox {
  readonly #parts: GitBoxParts
  #count = 0

  constructor(parts: GitBoxParts) {
    this.#parts = parts
  }

  /** Returns the command that runs another one in a box. Throws if a directory cannot be part of a box. */
  wrap(
    { own, fixed = [], writable, readable }: GitReach,
    cwd: string,
    command: readonly string[],
  ): { args: string[]; release(): Promise<unknown> } {
    const { program, groups, limits, marker, readable: common } = this.#parts
    const paths = [...fixed, ...common].filter(path => existsSync(path))
    const { temporaryBytes, homeBytes } = limits
    const box = toBoxArguments({
      writable: [...new Set(writable)],
      readable: [...new Set(readable)].filter(path => !writable.includes(path)),
      mounts: [
        ...own.map(path => ({ from: path, to: path, writable: true })),
        ...paths.map(path => ({ from: path, to: path })),
      ],
      hidden: [],
      cwd,
      home: boxHome,
      temporaryBytes,
      homeBytes,
    })
    const group = groups.create(`${marker}-${++this.#count}`, limits)
    return {
      args: [...toJoiningArguments(group.doors, program), ...box, ...command],
      release: () => group.remove(),
    }
  }
}
