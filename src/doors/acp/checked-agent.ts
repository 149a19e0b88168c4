import {
  type AgentApp,
  type AgentConnectOptions,
  type AnyMessage,
  methods,
  type Stream,
} from '@agentclientprotocol/sdk'
import { isRecord } from './transport-errors.ts'

const cancelRequest = '$/cancel_request'

/** An agent that is shown no messages which the library would print on the console, with the text of the client. */
export function withChecks(app: AgentApp) {
  // The options are those of the transports, which the type of the method leaves out.
  const connect = app.connect.bind(app) as (
    stream: Stream,
    options?: AgentConnectOptions,
  ) => ReturnType<AgentApp['connect']>
  return { connect: (stream: Stream, options?: AgentConnectOptions) => connect(checked(stream), options) }
}

function checked({ readable, writable }: Stream): Stream {
  /** Ids of requests to the client that have no response yet. */
  const asked = new Set<unknown>()
  const reader = readable.getReader()
  const writer = writable.getWriter()
  return {
    readable: new ReadableStream<AnyMessage>(
      {
        async pull(controller) {
          for (;;) {
            const { done, value } = await reader.read()
            if (done) return controller.close()
            const message = takeMessage(value, asked)
            if (message !== undefined) return controller.enqueue(message)
          }
        },
        cancel: reason => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    ),
    writable: new WritableStream<AnyMessage>({
      async write(message) {
        if ('method' in message && 'id' in message) asked.add(message.id)
        await writer.write(message)
      },
      close: () => writer.close(),
      abort: reason => writer.abort(reason),
    }),
  }
}

/** The message as the library takes it silently; undefined: it has no meaning here, and no answer. */
function takeMessage(message: AnyMessage, asked: Set<unknown>): AnyMessage | undefined {
  // The library itself refuses everything else.
  if (!isRecord(message)) return message
  if (!('method' in message)) {
    const isResponse = 'id' in message || 'result' in message || 'error' in message
    return isResponse && !asked.delete(message.id) ? undefined : message
  }
  if ('id' in message || message.jsonrpc !== '2.0' || typeof message.method !== 'string') return message
  return takeNotification(message)
}

/** Nothing else has an effect, and one that cannot be read has no answer either. */
function takeNotification(message: AnyMessage & { params?: unknown }): AnyMessage | undefined {
  const { method, params } = message as { method: string; params?: unknown }
  if (method === cancelRequest) return message
  if (method !== methods.agent.session.cancel || !isRecord(params)) return undefined
  const { sessionId } = params
  return typeof sessionId === 'string' ? { jsonrpc: '2.0', method, params: { sessionId } } : undefined
}
