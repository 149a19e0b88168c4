import { type AgentApp, agent, methods } from '@agentclientprotocol/sdk'
import { answering } from './errors.ts'
import { extension } from './extension.ts'
import { Peer, type PeerOptions } from './peer.ts'
import { toChange, toMode } from './session-options.ts'

/** The agent side of one connection. */
export function createAgent(options: PeerOptions): AgentApp {
  const peer = new Peer(options)
  const { session } = methods.agent
  const answer = <T>(work: () => Promise<T>) => answering(work, options.logFault)
  return agent({ name: extension })
    .onConnect(({ signal }) => {
      signal.addEventListener('abort', () => peer.close(), { once: true })
    })
    .onRequest(methods.agent.initialize, ({ params }) => peer.initialize(params.clientCapabilities))
    .onRequest(session.new, ({ params, client }) => answer(() => peer.create(params, client)))
    .onRequest(session.load, ({ params, client }) => answer(() => peer.open(params, client, true)))
    .onRequest(session.resume, ({ params, client }) => answer(() => peer.open(params, client, false)))
    .onRequest(session.list, ({ params }) => answer(() => peer.list(params)))
    .onRequest(session.prompt, ({ params, signal }) =>
      answer(() => peer.find(params.sessionId).prompt(params, signal)),
    )
    .onNotification(session.cancel, ({ params }) => peer.cancel(params.sessionId).catch(options.logFault))
    .onRequest(session.setMode, ({ params: { sessionId, modeId } }) =>
      answer(async () => {
        await peer.find(sessionId).change({ permissionMode: toMode(modeId) })
        return {}
      }),
    )
    .onRequest(session.setConfigOption, ({ params }) =>
      answer(() => peer.configure(params.sessionId, toChange(params))),
    )
    .onRequest(session.close, ({ params: { sessionId } }) => answer(() => peer.leave(sessionId)))
    .onRequest(session.delete, ({ params: { sessionId } }) => answer(() => peer.delete(sessionId)))
}
