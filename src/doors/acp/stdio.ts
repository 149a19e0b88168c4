import { Readable, Writable } from 'node:stream'
import { ndJsonStream } from '@agentclientprotocol/sdk'
import { createAgent } from './agent.ts'
import { withChecks } from './checked-agent.ts'
import type { PeerOptions } from './peer.ts'

/** Speaks the protocol over standard input and output until the client closes them. */
export async function serveStdio(
  streams: { input: Readable; output: Writable },
  options: PeerOptions,
): Promise<void> {
  const input = Readable.toWeb(streams.input) as ReadableStream<Uint8Array>
  const output = Writable.toWeb(streams.output) as WritableStream<Uint8Array>
  await withChecks(createAgent(options)).connect(ndJsonStream(output, input)).closed
}
