import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { boxHome, innerUser } from '../../lib/box/box-arguments.ts'
import type { AgentChannel, AgentChannels, ForwardingContext } from '../../sessions/ports/index.ts'
import { Box, type BoxOptions, type BoxSpec } from './box.ts'

/** Conversations that no process has written to for this long are in the store as far as they ever will be. */
const keptMs = 30 * 24 * 60 * 60 * 1000

export interface BoxesOptions extends BoxOptions {
  /** A directory of the server, for the conversations of boxes. */
  directory: string
  channels: AgentChannels
  /** The server's environment of Claude Code. */
  environment: Readonly<Record<string, string>>
}

const conversations = 'conversations'

/**
 * Returns the directory of a conversation's transcripts, which its process in a box can write.
 * @param directory the one of `BoxesOptions`
 */
export function toProjects(directory: string, claudeSessionId: string): string {
  return join(directory, conversations, claudeSessionId, 'projects')
}

/** Makes a box for each process of Claude Code. */
export class Boxes {
  readonly #options: BoxesOptions

  constructor(options: BoxesOptions) {
    this.#options = options
    mkdirSync(this.#conversations, { recursive: true, mode: 0o700 })
    mkdirSync(this.#settings, { recursive: true, mode: 0o755 })
    for (const [name, text] of Object.entries(toSettingFiles())) {
      writeFileSync(join(this.#settings, name), text)
      chmodSync(join(this.#settings, name), 0o644)
    }
  }

  get #settings(): string {
    return join(this.#options.directory, 'etc')
  }

  get #conversations(): string {
    return join(this.#options.directory, conversations)
  }

  /**
   * Opens the way out of a process.
   * @param own the variables that the session sets
   */
  openChannel(own: Readonly<Record<string, string>>, context: ForwardingContext): AgentChannel {
    return this.#options.channels.openChannel(own, context)
  }

  /**
   * Prepares the box of a process, which owns the channel from now on.
   * @param claudeSessionId null: a process without a conversation
   */
  prepare(claudeSessionId: string | null, spec: BoxSpec, channel: AgentChannel): Box {
    const { directory, environment } = this.#options
    const projects = claudeSessionId === null ? undefined : toProjects(directory, claudeSessionId)
    if (projects !== undefined) mkdirSync(projects, { recursive: true, mode: 0o700 })
    const parts = { options: this.#options, channel, paths: environment, settings: this.#settings, projects }
    return new Box(spec, parts)
  }

  /** Removes what a process of a previous run has left. */
  async removeLeftovers(marker: string): Promise<void> {
    await this.#options.groups.removeAll(marker)
  }

  /** Removes the files of conversations that have not been continued for long; the store has them. */
  sweep(now = Date.now()): void {
    for (const name of readdirSync(this.#conversations)) {
      const directory = join(this.#conversations, name)
      const { mtimeMs } = statSync(directory)
      if (now - mtimeMs > keptMs) rmSync(directory, { recursive: true, force: true })
    }
  }
}

/** The files of `/etc` that differ from the machine's: the box has one user, and resolves no names. */
function toSettingFiles(): Record<string, string> {
  const { uid, gid } = innerUser()
  return {
    passwd: `box:x:${uid}:${gid}::${boxHome}:/bin/bash\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n`,
    group: `box:x:${gid}:\nnogroup:x:65534:\n`,
    hosts: '127.0.0.1 localhost box\n::1 localhost\n',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
  }
}
