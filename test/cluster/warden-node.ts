import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { compiled } from '../support/compiled.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { kill, programsOf } from '../support/processes.ts'

const program = fileURLToPath(new URL('node-until-told.ts', import.meta.url))
/** The leader of the tree, and its three children. */
const familySize = 4

type Told = { kind: string; [field: string]: unknown }

/** A node in a process of its own, the leader of its process group, with one tree of processes. */
export interface TestNode {
  readonly id: string
  readonly pid: number
  /** All that it has told, oldest first. */
  readonly told: readonly Told[]
  /** How many processes of its tree live. */
  living(): number
  signal(signal: NodeJS.Signals): void
  /** Gives it a command, and waits for the answer of that kind. */
  ask(command: string, kind: string): Promise<Told>
  /** Waits until it has told something. */
  heard(kind: string): Promise<Told>
  readonly exited: Promise<unknown>
}

/** @param wardenUrl the way to the database that its warden takes */
export async function openNode(options: {
  url: string
  wardenUrl?: string
  leaseMs: number
}): Promise<TestNode> {
  const { url, wardenUrl = url, leaseMs } = options
  const id = randomUUID()
  const family = String(1_000_000_000 + randomInt(1_000_000_000))
  const directory = temporaryDirectory()
  const args = ['--no-warnings', program, url, wardenUrl, id, directory, String(leaseMs), family]
  const child = spawn(process.execPath, args, {
    detached: true,
    env: { ...compiled, PATH: process.env.PATH },
    stdio: ['pipe', 'pipe', 'inherit'],
  }) as ChildProcess & { pid: number }
  const told: Told[] = []
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line => {
    told.push(JSON.parse(line))
  })
  const exited = once(child, 'exit')
  const living = () => programsOf(`sleep ${family}`).length
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
    for (const pid of programsOf(`sleep ${family}`)) kill(pid)
  })
  const node: TestNode = {
    id,
    pid: child.pid,
    told,
    living,
    exited,
    signal: signal => void child.kill(signal),
    async ask(command, kind) {
      const before = told.length
      child.stdin?.write(`${command}\n`)
      await until(() => told.slice(before).some(message => message.kind === kind))
      return told.slice(before).find(message => message.kind === kind) as Told
    },
    async heard(kind) {
      await until(() => told.some(message => message.kind === kind))
      return told.find(message => message.kind === kind) as Told
    },
  }
  await node.heard('ready')
  await until(() => living() === familySize)
  return node
}
