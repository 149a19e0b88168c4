import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { settlesWithin } from '../../lib/settles-within.ts'
import type { FromWarden, ToWarden, WardenOrder } from './warden-protocol.ts'

const stderrTailLength = 2_000
/** The time from the goodbye to the end of the warden, in milliseconds. */
const goodbyeBoundMs = 2_000
const nodeOptions = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1']

/** A running warden as its node sees it. */
export class WardenProcess {
  /** Resolves with an explanation when the process is gone. */
  readonly exited: Promise<string>
  readonly #child: ChildProcess
  #stderr = ''

  /**
   * Starts a warden in a session of its own, so that signals for the node's group do not reach it.
   *
   * @param entry the program
   */
  constructor(entry: string, order: WardenOrder, onMessage: (message: FromWarden) => void) {
    // The id is only for those who look at the list of processes.
    const args = [...nodeOptions, entry, order.nodeId]
    this.#child = spawn(process.execPath, args, {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.exited = this.#whenExited()
    this.#child.on('error', () => undefined)
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrTailLength)
    })
    this.#child.on('message', (message: FromWarden) => onMessage(message))
    this.send(order)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** A warden that is gone gets nothing; its exit reports that. */
  send(message: ToWarden): void {
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  /** Lets the process of the node end although the warden runs. */
  unref(): void {
    this.#child.unref()
    this.#child.channel?.unref()
    ;(this.#child.stderr as { unref?(): void } | null)?.unref?.()
  }

  /** Lets it go without ending anything. */
  async dismiss(): Promise<void> {
    this.#child.ref()
    this.send({ kind: 'goodbye' })
    if (!(await settlesWithin(this.exited, goodbyeBoundMs))) this.#child.kill('SIGKILL')
    await this.exited
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async #whenExited(): Promise<string> {
    try {
      const [code, signal] = await once(this.#child, 'exit')
      return `${signal ?? `exit code ${code}`} ${this.#stderr.trim()}`.trim()
    } catch (error) {
      return (error as Error).message
    }
  }
}
