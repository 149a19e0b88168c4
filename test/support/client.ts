export interface SseFrame {
  event: string
  id: string | undefined
  data: Record<string, unknown>
}

export interface Answer {
  status: number
  headers: Headers
  // Tests look into answers of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: a schema checks the shape elsewhere
  body: any
}

/** A plain HTTP client of the API, the way `curl` would be used. */
export function createClient(base: string, key: string | undefined) {
  const headers = key === undefined ? {} : { 'x-api-key': key }
  const send = (method: string, path: string, body?: unknown, init: RequestInit = {}) =>
    fetch(`${base}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...init,
      headers: {
        ...headers,
        // A POST says its type also without a body.
        ...((body !== undefined || (method === 'POST' && init.body === undefined)) && {
          'content-type': 'application/json',
        }),
        ...init.headers,
      },
    })
  const call = async (method: string, path: string, body?: unknown, init?: RequestInit): Promise<Answer> => {
    const response = await send(method, path, body, init)
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    }
  }
  const createSession = async (body: unknown = {}): Promise<string> => {
    const answer = await call('POST', '/sessions', body)
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
    return answer.body.sessionId
  }
  const ask = (sessionId: string, prompt: string, more: object = {}, init?: RequestInit) =>
    call('POST', `/sessions/${sessionId}/messages`, { prompt, ...more }, init)
  /** The frames of a stream as they come; leaving the iteration leaves the stream. */
  async function* stream(sessionId: string, body: object): AsyncGenerator<SseFrame, void> {
    const leaving = new AbortController()
    const response = await send('POST', `/sessions/${sessionId}/stream`, body, { signal: leaving.signal })
    if (!response.ok) throw new Error(await response.text())
    try {
      yield* parseFrames(response)
    } finally {
      leaving.abort()
    }
  }
  return { send, call, createSession, ask, stream }
}

/** Splits an event stream into its frames; comments are left out. */
export async function* parseFrames(response: Response): AsyncGenerator<SseFrame, void> {
  if (!response.body) throw new Error('no body')
  let rest = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    rest += chunk
    for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n')) {
      const frame = parseFrame(rest.slice(0, end))
      rest = rest.slice(end + 2)
      if (frame) yield frame
    }
  }
}

function parseFrame(text: string): SseFrame | undefined {
  const fields = Object.fromEntries(
    text.split('\n').flatMap(line => {
      const [, name, value] = /^(\w+): (.*)$/.exec(line) ?? []
      return name === undefined ? [] : [[name, value]]
    }),
  ) as Record<string, string | undefined>
  if (fields.event === undefined) return undefined
  return { event: fields.event, id: fields.id, data: JSON.parse(fields.data ?? 'null') }
}
