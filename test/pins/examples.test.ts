import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { errorCodes } from '../../src/contract/errors.ts'
import { eventSchemas, eventTypes } from '../../src/contract/events.ts'
import { errorExamples } from '../../src/contract/examples/errors.ts'
import { eventExamples } from '../../src/contract/examples/events.ts'
import { type OperationExample, operationExamples } from '../../src/contract/examples/operations.ts'
import { parameterExamples } from '../../src/contract/examples/parameters.ts'
import { redacted } from '../../src/contract/mcp-servers.ts'
import { buildOpenApi } from '../../src/contract/openapi.ts'
import { getOperation, operationIds } from '../../src/contract/operations.ts'
import { errorResponse } from '../../src/contract/system.ts'

/** A schema of the document, or anything else in it. */
interface Node {
  $ref?: string
  description?: string
  const?: unknown
  properties?: Record<string, Node>
  required?: string[]
  items?: Node
  additionalProperties?: Node | boolean
  anyOf?: Node[]
  oneOf?: Node[]
  allOf?: Node[]
  examples?: unknown
  schema?: Node
}
interface Media {
  schema: Node
  examples?: Record<string, { value?: unknown; $ref?: string }>
  example?: unknown
}
interface Described {
  parameters?: { name: string; description?: string; schema: Node; example?: unknown }[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { content?: Record<string, Media> }>
}

const document = buildOpenApi('1.2.3') as unknown as {
  paths: Record<string, Record<string, Described & { operationId: string }>>
  components: { schemas: Record<string, Node>; examples: Record<string, { value: unknown }> }
}
const { schemas } = document.components
const described = Object.values(document.paths).flatMap(methods => Object.values(methods))
const ajv = new Ajv2020({ strict: false, validateFormats: false, inlineRefs: false })
ajv.addSchema(JSON.parse(JSON.stringify(document)), 'api')

const resolve = (node: Node): Node =>
  node.$ref ? resolve(schemas[node.$ref.slice('#/components/schemas/'.length)] as Node) : node

const validators = new Map<Node, (value: unknown) => unknown>()
function fits(node: Node, value: unknown): boolean {
  const absolute = JSON.stringify(node).replaceAll('"$ref":"#', '"$ref":"api#')
  const validate = validators.get(node) ?? ajv.compile(JSON.parse(absolute))
  validators.set(node, validate)
  return validate(value) === true
}

/** The properties of the document that some example fills with more than null. */
function findFilled(): Set<Node> {
  const filled = new Set<Node>()
  const walk = (given: Node, value: unknown): void => {
    if (value === null || value === undefined) return
    const node = resolve(given)
    const branches = [...(node.anyOf ?? []), ...(node.oneOf ?? [])]
    for (const branch of branches) if (branches.length === 1 || fits(branch, value)) walk(branch, value)
    for (const part of node.allOf ?? []) walk(part, value)
    if (Array.isArray(value)) {
      if (node.items) for (const item of value) walk(node.items, item)
    } else if (typeof value === 'object') {
      for (const [name, inner] of Object.entries(value)) {
        const property = node.properties?.[name]
        if (property) {
          if (inner !== null) filled.add(property)
          walk(property, inner)
        } else if (typeof node.additionalProperties === 'object') walk(node.additionalProperties, inner)
      }
    }
  }
  for (const schema of Object.values(schemas)) {
    if (Array.isArray(schema.examples)) for (const example of schema.examples) walk(schema, example)
  }
  for (const { schema, value } of mediaExamples()) walk(schema, value)
  return filled
}

/** Every whole example of a body. */
function mediaExamples(): { at: string; schema: Node; value: unknown }[] {
  return described.flatMap(({ operationId, requestBody, responses }) =>
    [['body', requestBody] as const, ...Object.entries(responses)].flatMap(([where, message]) =>
      Object.entries(message?.content ?? {}).flatMap(([type, { schema, examples = {} }]) =>
        Object.entries(examples).map(([name, { value, $ref }]) => ({
          at: `${operationId} ${where} ${type} ${name}`,
          schema,
          value: $ref ? document.components.examples[$ref.split('/').at(-1) ?? '']?.value : value,
        })),
      ),
    ),
  )
}

/** All properties of the document with their places. */
function listProperties(): { at: string; property: Node }[] {
  const found = new Map<Node, string>()
  const walk = (node: Node | boolean | undefined, at: string): void => {
    if (typeof node !== 'object') return
    for (const [name, property] of Object.entries(node.properties ?? {})) {
      if (!found.has(property)) found.set(property, `${at}.${name}`)
      walk(property, `${at}.${name}`)
    }
    for (const part of [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])]) walk(part, at)
    walk(node.items, `${at}[]`)
    walk(node.additionalProperties, `${at}{}`)
  }
  for (const [name, schema] of Object.entries(schemas)) walk(schema, name)
  return [...found].map(([property, at]) => ({ at, property }))
}

/** Whether the property says what it is for: itself, or as a named schema. */
function isDescribed(node: Node): boolean {
  const named = [node, ...(node.anyOf ?? [])].some(({ $ref }) => $ref && resolve({ $ref }).description)
  return node.description !== undefined || named || node.const !== undefined
}

describe('the OpenAPI document', () => {
  test('has a description for every property and parameter', () => {
    const properties = listProperties()
    expect(properties.length).toBeGreaterThan(300)
    const parameters = described.flatMap(({ operationId, parameters: all = [] }) =>
      all
        .filter(({ description, schema }) => !description && !isDescribed(schema))
        .map(({ name }) => `${operationId} ${name}`),
    )
    const bare = properties.filter(({ property }) => !isDescribed(property)).map(({ at }) => at)
    expect([...bare, ...parameters]).toEqual([])
  })

  test('has an example for every property and parameter', () => {
    const filled = findFilled()
    const parameters = described.flatMap(({ operationId, parameters: all = [] }) =>
      all.filter(({ example }) => example === undefined).map(({ name }) => `${operationId} ${name}`),
    )
    const bare = listProperties()
      .filter(({ property }) => !filled.has(property))
      .map(({ at }) => at)
    // A pending request has no decision yet.
    const decision = ['decidedAt', 'decidedBy', 'message', 'updatedInput']
    // A new webhook is enabled and has delivered nothing.
    const history = ['disabledReason', 'disabledAt', 'lastDeliveredAt']
    expect([...bare, ...parameters].sort()).toEqual(
      [
        ...decision.map(name => `Event.permission.requested.${name}`),
        ...history.map(name => `CreateWebhookResponse.${name}`),
        // A key that is shown is not revoked.
        'ShownKey.revokedAt',
      ].sort(),
    )
  })

  test('has examples that fit their schemas', () => {
    const examples = mediaExamples()
    expect(examples.length).toBeGreaterThan(300)
    expect(examples.filter(({ schema, value }) => !fits(schema, value)).map(({ at }) => at)).toEqual([])
    const parameters = described.flatMap(({ operationId, parameters: all = [] }) =>
      all.filter(({ schema, example }) => !fits(schema, example)).map(({ name }) => `${operationId} ${name}`),
    )
    expect(parameters).toEqual([])
  })

  test('has an example for every body and response, except binary ones and those without content', () => {
    const bare = described.flatMap(({ operationId, requestBody, responses }) =>
      [['body', requestBody] as const, ...Object.entries(responses)].flatMap(([where, message]) =>
        Object.entries(message?.content ?? {})
          .filter(([, { examples, example }]) => example === undefined && !Object.keys(examples ?? {}).length)
          .map(([type]) => `${operationId} ${where} ${type}`),
      ),
    )
    expect(bare).toEqual(['getArchive 200 application/octet-stream'])
  })
})

describe('examples', () => {
  const accepts = (schema: z.ZodType | null | undefined, value: unknown) =>
    schema?.safeParse(value).error?.issues ?? (schema ? [] : ['no schema'])
  /** Requests must not have the placeholder of a secret; responses have it. */
  const withSecrets = (value: unknown) =>
    JSON.parse(JSON.stringify(value).replaceAll(JSON.stringify(redacted), '"secret"'))

  test.each(operationIds)('of %s are accepted by its schemas', id => {
    const operation = getOperation(id)
    const { query, bodies = {}, responses = {} }: OperationExample = operationExamples[id]
    if (query) expect(accepts(operation.query, query)).toEqual([])
    for (const body of Object.values(bodies)) expect(accepts(operation.body, body)).toEqual([])
    for (const [status, answers] of Object.entries(responses)) {
      const success = operation.success.find(one => String(one.status) === status)
      for (const answer of Object.values(answers))
        expect(accepts(success?.schema, withSecrets(answer))).toEqual([])
    }
  })

  test('of parameters are accepted one by one, as they are sent', () => {
    for (const id of operationIds) {
      const { params, query, headers } = getOperation(id)
      for (const shape of [params, query, headers]) {
        for (const [name, schema] of Object.entries((shape as z.ZodObject | null)?.shape ?? {})) {
          const example = parameterExamples[`${id}.${name}`] ?? parameterExamples[name]
          const issues = accepts(schema as z.ZodType, Array.isArray(example) ? example : String(example))
          // The only parameter that is always refused.
          expect(issues.length, `${id} ${name}`).toBe(name === 'Content-Range' ? 1 : 0)
        }
      }
    }
  })

  test('of events are accepted by their schemas', () => {
    for (const type of eventTypes) {
      expect(eventExamples[type].length).toBeGreaterThan(0)
      for (const example of eventExamples[type])
        expect(accepts(eventSchemas[type], withSecrets(example))).toEqual([])
    }
  })

  test('of errors are accepted by the schema of errors', () => {
    for (const code of errorCodes) {
      expect(accepts(errorResponse, errorExamples[code])).toEqual([])
      expect(errorExamples[code].error.code).toBe(code)
    }
  })
})
