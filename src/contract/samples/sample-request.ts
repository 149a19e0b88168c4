import { ids } from '../examples/ids.ts'
import { type OperationExample, operationExamples } from '../examples/operations.ts'
import type { Operation } from '../operation.ts'
import { getOperation, type OperationId } from '../operations.ts'

/** The variables of samples by the parameter that they stand for. */
const variables: Readonly<Record<string, string>> = {
  sessionId: 'SESSION',
  turnId: 'TURN',
  permissionId: 'PERMISSION',
  attachmentId: 'ATTACHMENT',
  taskId: 'TASK',
  webhookId: 'WEBHOOK',
  subscriptionId: 'SUBSCRIPTION',
  keyId: 'KEY_ID',
  deliveryId: 'DELIVERY',
  server: 'SERVER',
  preset: 'PRESET',
}
/** The variables by the id that stands for them in the examples. */
const byExample = new Map(
  Object.entries(ids).flatMap(([name, id]) => (variables[name] ? [[id as string, variables[name]]] : [])),
)

/** How the response is shown: parsed, as text, piece by piece, as a file, or only its status. */
export type Output = 'json' | 'text' | 'stream' | 'file' | 'status'

/** A request of a sample, in no programming language. */
export interface SampleRequest {
  method: string
  /** The path with its query; variables as `$NAME`. */
  path: string
  /** All variables in the order of their use, `API` first. */
  variables: readonly string[]
  needsKey: boolean
  contentType: string | undefined
  /** A JSON body. */
  json: unknown
  /** A body that is not JSON. */
  upload: string | undefined
  output: Output
  /** The name of the file for the output `file`. */
  file: string | undefined
}

export function toSampleRequest(id: OperationId): SampleRequest {
  const operation = getOperation(id)
  const { query = {}, bodies, upload, download }: OperationExample = operationExamples[id]
  const json = Object.values(bodies ?? {})[0]
  const pairs = Object.entries(query).map(([name, value]) => {
    const variable = variableOf(value)
    return `${name}=${variable ? `$${variable}` : encodeURIComponent(value)}`
  })
  const path =
    operation.path.replace(/:(\w+)/g, (_, name) => `$${variables[name]}`) +
    (pairs.length > 0 ? `?${pairs.join('&')}` : '')
  const needsKey = operation.auth === 'key'
  const used = [...path.matchAll(/\$([A-Z]+)/g)].map(match => match[1] ?? '')
  const inBody = [...JSON.stringify(json ?? null).matchAll(/"([^"]+)"/g)]
    .map(match => variableOf(match[1]))
    .filter(name => name !== undefined)
  const isJsonPost = json !== undefined || (operation.method === 'post' && upload === undefined)
  return {
    method: operation.method.toUpperCase(),
    path,
    variables: [...new Set(['API', ...(needsKey ? ['KEY'] : []), ...used, ...inBody])],
    needsKey,
    contentType: upload === undefined ? (isJsonPost ? 'application/json' : undefined) : 'text/plain',
    json,
    upload,
    output: download === undefined ? outputOf(operation, query.format) : 'file',
    file: download,
  }
}

/** The variable for a value of the examples, if it is an id. */
export function variableOf(value: unknown): string | undefined {
  return typeof value === 'string' ? byExample.get(value) : undefined
}

function outputOf({ success: [first] }: Operation, format: string | undefined): Output {
  if (first?.contentType === 'text/event-stream') return 'stream'
  if (first?.schema && (first.contentType === undefined || format === 'files')) return 'json'
  return first?.contentType === undefined ? 'status' : 'text'
}
