import { setTimeout as pause } from 'node:timers/promises'
import { ClaudeCodeClient, type SessionClient } from '../../src/client/index.ts'
import type { DemoCluster } from './cluster.ts'
import type { DemoNode } from './node.ts'

/** How long anything may take that the tour waits for, in milliseconds. */
const boundMs = 60_000

/**
 * Creates a session, streams an answer, kills the node that owns it, and continues on another one.
 *
 * @throws Error that says what did not hold
 */
export async function tour(cluster: DemoCluster, say: (text: string) => void): Promise<void> {
  const client = new ClaudeCodeClient({ baseUrl: cluster.base, apiKey: cluster.key })
  const session = await client.createSession({ title: 'a tour of the cluster' })
  await session.send('Remember that my cat is called Minka')
  const owner = await ownerOf(cluster, session)
  say(`session ${session.id} is on node ${owner.name}`)
  await askAtEachNode(cluster, session)
  say('each node answers for it')
  await streamOnce(session, say)
  await loseOwner(cluster, session, owner, say)
  await drainOwner(cluster, session, say)
}

async function askAtEachNode({ nodes, key }: DemoCluster, { id }: SessionClient): Promise<void> {
  for (const { name, url } of nodes) {
    const client = new ClaudeCodeClient({ baseUrl: `${url}/api/v1`, apiKey: key })
    const { response } = await client.session(id).send('What is my cat called?')
    require(response?.includes('Minka'), `node ${name} answered: ${response}`)
  }
}

async function streamOnce(session: SessionClient, say: (text: string) => void): Promise<void> {
  const startedAt = performance.now()
  let firstMs: number | undefined
  let last = ''
  for await (const event of session.stream('Count slowly to 3')) {
    if (event.type === 'delta') firstMs ??= performance.now() - startedAt
    last = event.type
  }
  require(firstMs !== undefined && last === 'turn.completed', `the stream ended with ${last}`)
  say(`an answer was streamed; the first delta came after ${Math.round(firstMs ?? 0)} ms`)
}

/** A turn runs and another one waits when the node is killed; a reader follows all the time. */
async function loseOwner(
  cluster: DemoCluster,
  session: SessionClient,
  owner: DemoNode,
  say: (text: string) => void,
): Promise<void> {
  const sequences: number[] = []
  const leaving = new AbortController()
  const reading = read(session, leaving.signal, sequences)
  const running = await session.submit('Count slowly to 1000')
  await until('the turn runs', async () => (await session.getTurn(running.turnId)).status === 'running')
  const waiting = await session.submit('What is my cat called?')
  const startedAt = performance.now()
  const since = () => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`
  process.kill(owner.program.pid, 'SIGKILL')
  await owner.program.ended
  say(`node ${owner.name} was killed while a turn ran and another one waited`)
  const isClaimed = async () => {
    const node = await findOwner(cluster, session)
    return node !== null && node !== owner.name
  }
  await until('another node owns the session', isClaimed)
  const heir = await ownerOf(cluster, session)
  say(`node ${heir.name} owns the session after ${since()}`)
  const isOver = async (turnId: string) => (await session.getTurn(turnId)).endedAt !== null
  await until('the waiting turn is over', () => isOver(waiting.turnId))
  const { response } = await session.getTurn(waiting.turnId)
  require(response?.includes('Minka'), `the waiting turn was answered with: ${response}`)
  say(`the waiting turn was answered there after ${since()}, and Claude remembers the conversation`)
  const lost = await session.getTurn(running.turnId)
  require(lost.status === 'lost', `the turn that ran is ${lost.status}`)
  const { lastSequence } = await session.get()
  await until('the reader has everything', async () => sequences.at(-1) === lastSequence)
  leaving.abort()
  await reading
  const isWhole = sequences.every(
    (sequence, index) => index === 0 || sequence === (sequences[index - 1] ?? 0) + 1,
  )
  require(isWhole, `the reader got the events ${sequences.join(' ')}`)
  say(
    `the turn that ran is reported as lost; a reader got ${sequences.length} events without a gap or a repeat`,
  )
  await owner.restart()
}

async function read(session: SessionClient, signal: AbortSignal, into: number[]): Promise<void> {
  try {
    for await (const event of session.follow({ after: 'latest', signal })) {
      // Also `caught_up` names one: that of an event which came before.
      if (event.type !== 'caught_up' && 'sequence' in event.data) into.push(event.data.sequence)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** SIGTERM loses nothing: the turn that runs is completed, and the session moves. */
async function drainOwner(
  cluster: DemoCluster,
  session: SessionClient,
  say: (text: string) => void,
): Promise<void> {
  const owner = await ownerOf(cluster, session)
  const { turnId } = await session.submit('Count slowly to 5')
  await until('the turn runs', async () => (await session.getTurn(turnId)).status !== 'queued')
  process.kill(owner.program.pid, 'SIGTERM')
  const end = await owner.program.ended
  require(end === 'exit code 0', `node ${owner.name} ended with ${end}`)
  const { status } = await session.getTurn(turnId)
  require(status === 'completed', `the turn that ran while its node drained is ${status}`)
  const { response } = await session.send('What is my cat called?')
  require(response?.includes('Minka'), `after the drain, Claude answered: ${response}`)
  const heir = await ownerOf(cluster, session)
  say(`node ${owner.name} was stopped in order: its turn ended there, and node ${heir.name} continues`)
}

async function findOwner({ ownership }: DemoCluster, { id }: SessionClient): Promise<string | null> {
  return (await ownership.listSessions()).find(session => session.id === id)?.node ?? null
}

async function ownerOf(cluster: DemoCluster, session: SessionClient): Promise<DemoNode> {
  const name = await findOwner(cluster, session)
  const node = cluster.nodes.find(one => one.name === name)
  if (!node) throw new Error(`the session is on no node (${name})`)
  return node
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const bound = performance.now() + boundMs
  while (!(await holds())) {
    if (performance.now() > bound) throw new Error(`not within ${boundMs / 1_000} s: ${what}`)
    await pause(50)
  }
}

function require(condition: unknown, fault: string): asserts condition {
  if (!condition) throw new Error(fault)
}
