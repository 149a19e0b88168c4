import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { apiKey } from './open-server.ts'

export interface Answer {
  status: number
  // Each bench knows what it has asked for.
  // biome-ignore lint/suspicious/noExplicitAny: the tests check the shapes
  body: any
}

export interface Frame {
  event: string
  id: number | undefined
  /** JSON. */
  data: string
}

export interface Caller {
  call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer>
  createSession(): Promise<string>
  /**
   * Reads an event stream; resolves when it has ended. Rejects when it is not answered with one, or the signal
   * cuts the connection.
   */
  follow(
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    onFrame: (frame: Frame) => void,
    signal?: AbortSignal,
  ): Promise<void>
  close(): void
}

/** An HTTP client that costs little: Node's own, connections kept. */
export function createCaller(url: string, key: string = apiKey): Caller {
  const agent = new Agent({ keepAlive: true })
  const base = `${url}/api/v1`

  async function send(
    method: string,
    path: string,
    body: unknown,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const sent = request(`${base}${path}`, {
      method,
      agent,
      ...(signal && { signal }),
      headers: {
        'x-api-key': key,
        ...(text !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
        }),
      },
    })
    sent.end(text)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    // A connection that is cut later is told by the reading of the body.
    sent.on('error', () => {})
    return response
  }

  const call: Caller['call'] = async (method, path, body, signal) => {
    const response = await send(method, path, body, signal)
    const text = await readText(response)
    return { status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) }
  }

  return {
    call,
    async createSession() {
      const { status, body } = await call('POST', '/sessions', {})
      if (status !== 201) throw new Error(JSON.stringify(body))
      return body.sessionId
    },
    async follow(method, path, body, onFrame, signal) {
      const response = await send(method, path, body, signal)
      if (response.statusCode !== 200) throw new Error(await readText(response))
      let rest = ''
      response.setEncoding('utf8')
      for await (const chunk of response) {
        const frames = (rest + chunk).split('\n\n')
        rest = frames.pop() ?? ''
        for (const text of frames) {
          const frame = parseFrame(text)
          if (frame) onFrame(frame)
        }
      }
    },
    close: () => agent.destroy(),
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = ''
  response.setEncoding('utf8')
  for await (const chunk of response) text += chunk
  return text
}

/** Undefined for a comment. */
function parseFrame(text: string): Frame | undefined {
  let event = ''
  let id: number | undefined
  let data = ''
  for (const line of text.split('\n')) {
    if (line.startsWith('data: ')) data = line.slice(6)
    else if (line.startsWith('event: ')) event = line.slice(7)
    else if (line.startsWith('id: ')) id = Number(line.slice(4))
  }
  return event === '' ? undefined : { event, id, data }
}
