import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessLedger, ProcessRecord } from '../sessions/ports/index.ts'

/** One life of a node has started the process. */
interface StoredProcess extends ProcessRecord {
  nodeId: string
}

const extension = '.json'

/**
 * The ledger of the processes of a node, one file for each, in a directory of its own: the other nodes of the database
 * must not end them, and the warden has to read them when the database cannot be reached. Records of earlier lives stay
 * until the next start has swept them.
 */
export class ProcessFiles implements ProcessLedger {
  readonly directory: string
  readonly #nodeId: string

  constructor(directory: string, nodeId: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    this.directory = directory
    this.#nodeId = nodeId
  }

  announceProcess(record: ProcessRecord): void {
    const stored: StoredProcess = { ...record, nodeId: this.#nodeId }
    const file = this.#toFile(record.marker)
    // Another extension: a file that is half written is not read.
    writeFileSync(`${file}.new`, JSON.stringify(stored), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }

  async recordProcess(record: ProcessRecord): Promise<void> {
    this.announceProcess(record)
  }

  async forgetProcess(marker: string): Promise<void> {
    rmSync(this.#toFile(marker), { force: true })
  }

  async listProcesses(): Promise<ProcessRecord[]> {
    return this.#readAll().map(({ nodeId: _, ...record }) => record)
  }

  /** The processes of this life, as they are recorded now. */
  listOwn(): ProcessRecord[] {
    return this.#readAll().filter(({ nodeId }) => nodeId === this.#nodeId)
  }

  #toFile(marker: string): string {
    if (!/^[\w-]+$/.test(marker)) throw new Error('the marker of a process is not a plain name')
    return join(this.directory, `${marker}${extension}`)
  }

  #readAll(): StoredProcess[] {
    const names = readdirSync(this.directory).filter(name => name.endsWith(extension))
    return names.flatMap(name => readRecord(join(this.directory, name), name.slice(0, -extension.length)))
  }
}

function readRecord(file: string, marker: string): StoredProcess[] {
  try {
    return [JSON.parse(readFileSync(file, 'utf8'))]
  } catch (error) {
    // Forgotten meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    // Damaged when the machine lost its power, which has ended the process.
    if (error instanceof SyntaxError) {
      return [{ pid: 0, startedAt: '', marker, claudeSessionId: null, nodeId: '' }]
    }
    throw error
  }
}
