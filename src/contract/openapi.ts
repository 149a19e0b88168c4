import { z } from 'zod'
import { activityEvent, suggestionEvent } from './activity.ts'
import { type ErrorCode, errorCatalogue } from './errors.ts'
import {
  deltaEvent,
  deltaVoided,
  eventSchemas,
  streamCaughtUp,
  streamClosing,
  streamComplete,
  streamConnected,
  streamError,
  streamGap,
} from './events.ts'
import { errorExamples } from './examples/errors.ts'
import { eventExamples, streamExamples } from './examples/events.ts'
import { type OperationExample, operationExamples } from './examples/operations.ts'
import { parameterExamples } from './examples/parameters.ts'
import { feedCaughtUp, feedClosing, feedGap } from './feed.ts'
import { bodyErrors, commonErrors, nodeErrors, type Operation, tags } from './operation.ts'
import { getOperation, type OperationId, operationIds } from './operations.ts'
import { toCodeSamples } from './samples/code-samples.ts'
import { errorResponse } from './system.ts'

type Json = Record<string, unknown>
type Direction = 'input' | 'output'

/** Schemas that appear in event streams and in no operation's body. */
const streamed: Record<string, z.ZodType> = {
  DeltaEvent: deltaEvent,
  DeltaVoided: deltaVoided,
  ActivityEvent: activityEvent,
  SuggestionEvent: suggestionEvent,
  StreamConnected: streamConnected,
  StreamComplete: streamComplete,
  StreamError: streamError,
  StreamGap: streamGap,
  StreamCaughtUp: streamCaughtUp,
  StreamClosing: streamClosing,
  FeedGap: feedGap,
  FeedCaughtUp: feedCaughtUp,
  FeedClosing: feedClosing,
  ...Object.fromEntries(
    Object.entries(eventSchemas).map(([type, schema]) => [`Event.${type}`, schema as z.ZodType]),
  ),
}

const streamedExamples: Record<string, readonly unknown[]> = {
  ...streamExamples,
  ...Object.fromEntries(Object.entries(eventExamples).map(([type, examples]) => [`Event.${type}`, examples])),
}

/**
 * Builds the OpenAPI 3.1 document from the operation table.
 * Named schemas (`meta({ id })`) become components that the operations reference.
 */
export function buildOpenApi(version: string): Json {
  const components: Record<string, unknown> = {}
  const toSchema = (schema: z.ZodType, io: Direction) => collect(schema, io, components)
  const paths: Record<string, Json> = {}
  for (const id of operationIds) {
    const operation = getOperation(id)
    const path = operation.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [operation.method]: describe(id, operation, toSchema) }
  }
  for (const [name, schema] of Object.entries(streamed)) {
    const described = toSchema(schema, 'output')
    const examples = streamedExamples[name]
    const component = '$ref' in described ? (components[name] as Json) : described
    components[name] = { ...component, examples }
  }
  toSchema(errorResponse, 'output')
  return {
    openapi: '3.1.0',
    info: {
      title: 'claude-code-api',
      version,
      description: 'Claude Code as an HTTP API: sessions, messages, live streams, history.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api/v1', description: 'The path at which `claude-code-api serve` mounts the router' }],
    security: [{ apiKey: [] }, { bearer: [] }],
    tags: tags.filter(name => operationIds.some(id => getOperation(id).tag === name)).map(name => ({ name })),
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
      examples: Object.fromEntries(Object.entries(errorExamples).map(([code, value]) => [code, { value }])),
      schemas: Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  }
}

function describe(
  id: OperationId,
  operation: Operation,
  toSchema: (schema: z.ZodType, io: Direction) => Json,
): Json {
  const { bodies, upload, responses: answers, texts }: OperationExample = operationExamples[id]
  const responses: Record<string, Json> = {}
  for (const { status, description, schema, contentType, headers } of operation.success) {
    const content = (schema ?? contentType) && {
      ...(schema && {
        'application/json': { schema: toSchema(schema, 'output'), ...toExamples(answers?.[status]) },
      }),
      ...(contentType && {
        [contentType]: { schema: { type: 'string' }, ...(texts?.[status] && { example: texts[status] }) },
      }),
    }
    responses[status] = {
      description,
      ...(headers && { headers: toResponseHeaders(headers) }),
      ...(content && { content }),
    }
  }
  for (const [status, codes] of errorsByStatus(operation)) {
    const described = {
      description: codes.map(code => `\`${code}\`: ${errorCatalogue[code].title}`).join('. '),
      content: {
        'application/json': {
          schema: { $ref: '#/components/schemas/ErrorResponse' },
          examples: Object.fromEntries(codes.map(code => [code, { $ref: `#/components/examples/${code}` }])),
        },
      },
    }
    responses[status] = status in responses ? withError(responses[status] as Json, described) : described
  }
  const parameters = [
    ...toParameters(id, operation.params, 'path', toSchema),
    ...toParameters(id, operation.query, 'query', toSchema),
    ...toParameters(id, operation.headers, 'header', toSchema),
  ]
  return {
    operationId: id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.auth === 'none' && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(operation.body && {
      requestBody: {
        required: !operation.bodyOptional,
        content: {
          'application/json': { schema: toSchema(operation.body, 'input'), ...toExamples(bodies) },
        },
      },
    }),
    ...(operation.upload !== null && {
      requestBody: {
        required: true,
        description: operation.upload,
        content: { '*/*': { schema: { type: 'string', format: 'binary' }, example: upload } },
      },
    }),
    responses,
    'x-codeSamples': toCodeSamples(id),
  }
}

/** All error codes of the operation, grouped by status. */
export function errorsByStatus(operation: Operation): Map<number, ErrorCode[]> {
  const codes: ErrorCode[] = [
    ...(operation.auth === 'key' ? commonErrors : (['INVALID_REQUEST'] as const)),
    ...(operation.needs === 'store' ? [] : nodeErrors),
    ...(operation.body ? bodyErrors : []),
    ...(operation.upload !== null ? bodyErrors : []),
    // A POST needs its Content-Type even without a body.
    ...(operation.method === 'post' && !operation.body && operation.upload === null
      ? (['UNSUPPORTED_MEDIA_TYPE'] as const)
      : []),
    ...operation.errors,
    operation.fault,
  ]
  const grouped = new Map<number, ErrorCode[]>()
  for (const code of codes) {
    const { status } = errorCatalogue[code]
    grouped.set(status, [...(grouped.get(status) ?? []), code])
  }
  return new Map([...grouped].sort(([a], [b]) => a - b))
}

/** A status that is both a success and an error (health's 503) accepts either body. */
function withError(success: Json, error: { description: string; content: Json }): Json {
  const media = [success.content, error.content].map(
    content => (content as { 'application/json': { schema: Json; examples: Json } })['application/json'],
  )
  const examples = Object.assign({}, ...media.map(one => one.examples))
  return {
    description: `${success.description}. ${error.description}`,
    content: { 'application/json': { schema: { anyOf: media.map(({ schema }) => schema) }, examples } },
  }
}

function toExamples(values: Readonly<Record<string, unknown>> | undefined): Json {
  if (!values) return {}
  return {
    examples: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }])),
  }
}

function toParameters(
  id: OperationId,
  shape: z.ZodType | null,
  where: 'path' | 'query' | 'header',
  toSchema: (schema: z.ZodType, io: Direction) => Json,
): Json[] {
  if (!shape) return []
  // The output schema knows numbers and defaults; the input schema knows which fields are required.
  const { properties = {} } = toSchema(shape, 'output') as { properties?: Record<string, Json> }
  const { required = [] } = toSchema(shape, 'input') as { required?: string[] }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema,
    example: parameterExamples[`${id}.${name}`] ?? parameterExamples[name],
  }))
}

function toResponseHeaders(headers: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  )
}

/** Converts a zod schema to JSON Schema, and moves schemas with an id to the components. */
function collect(schema: z.ZodType, io: Direction, components: Record<string, unknown>): Json {
  const {
    $schema: _dialect,
    $defs = {},
    ...root
  } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      delete jsonSchema.id
      // The format says the same and is readable.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern
    },
  }) as Json & { $defs?: Record<string, Json> }
  for (const [name, definition] of Object.entries($defs)) {
    components[name] = relink(definition)
  }
  return relink(root) as Json
}

function relink(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relink)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string'
        ? [key, inner.replace('#/$defs/', '#/components/schemas/')]
        : [key, relink(inner)],
    ),
  )
}
