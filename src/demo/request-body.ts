import type { IncomingMessage } from 'node:http'

// The API's own limit.
const largestBody = 32 * 1024 * 1024

export interface RequestBody {
  /** The JSON object; undefined if the body is not one, or too large. */
  body: object | undefined
  size: number
  tooLarge: boolean
}

/** Reads a request's JSON body to its end. Rejects when the connection breaks off before. */
export async function readBody(request: IncomingMessage): Promise<RequestBody> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    // Keep reading: a response before the end of the request would look like a broken connection.
    if (size <= largestBody) chunks.push(chunk)
  }
  const tooLarge = size > largestBody
  return { body: tooLarge ? undefined : parseObject(Buffer.concat(chunks).toString('utf8')), size, tooLarge }
}

function parseObject(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
