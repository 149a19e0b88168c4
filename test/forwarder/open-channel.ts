import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { ForwarderOptions } from '../../src/forwarder/forwarder.ts'
import { openForwarder } from './open-forwarder.ts'

/** A channel as it is reached from inside its box, but on a port of this machine. */
export async function openChannel(given: Partial<ForwarderOptions> = {}, own: Record<string, string> = {}) {
  const opened = await openForwarder(given)
  const channel = opened.forwarder.openChannel(own, { tenantId: 'default', claudeSessionId: 'some' })
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  channel.serve(listener)
  const inside = channel.inside({ ...given.environment, ...own })
  const token = new URL(inside.HTTPS_PROXY ?? '').password
  const origin = `http://127.0.0.1:${port}`
  return { ...opened, channel, port, origin, model: `${origin}/model`, inside, token }
}
