import { RequestError } from '@agentclientprotocol/sdk'

export function refusal(status: number, error: RequestError): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: error.toErrorResponse() }, { status })
}

/** Whether the header names another encoding than that of JSON, which the library would not notice. */
export function isOtherEncoding(contentType: string | null): boolean {
  const [, charset] = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType ?? '') ?? []
  return charset !== undefined && !/^utf-?8$/i.test(charset)
}

/** The transport of the library answers errors as plain text. */
export async function toProtocolError(response: Response): Promise<Response> {
  if (response.status === 405) {
    const refused = refusal(405, RequestError.invalidRequest(undefined, 'Method Not Allowed'))
    refused.headers.set('allow', 'GET, POST, DELETE')
    return refused
  }
  if (response.ok || !response.headers.get('content-type')?.startsWith('text/plain')) return response
  const text = await response.text()
  return refusal(
    response.status,
    text === 'Invalid JSON' ? RequestError.parseError() : RequestError.invalidRequest(undefined, text),
  )
}

/** The error of a request without a connection whose id no response can have; undefined: the library reads it. */
export async function findFlaw(request: Request): Promise<RequestError | undefined> {
  const message: unknown = await request
    .clone()
    .json()
    .catch(() => undefined)
  if (!isRecord(message) || !('id' in message)) return
  const isId = typeof message.id === 'string' || Number.isFinite(message.id)
  return isId ? undefined : RequestError.invalidRequest(undefined, 'id: must be a string or a number')
}

/** Whether it is an object that is not a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
