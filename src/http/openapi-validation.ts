import { readFileSync } from 'node:fs'
import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { Request } from 'express'
import type { Logger } from 'pino'
import { parse as parseYaml } from 'yaml'
import { invalidRequest, type RequestIssue, ServiceError } from '../contract/errors.ts'
import { getOperation, type OperationId, operationIds } from '../contract/operations.ts'
import { ConfigError } from '../lib/config-error.ts'
import type { ApiDocument } from './api-document.ts'
import { JsonDocument, type JsonNode } from './json-document.ts'
import { parseQuery } from './request-input.ts'
import { withDiscriminators } from './schema-discriminators.ts'
import { toSchemaIssues } from './schema-issues.ts'

const field = 'openApiValidation.specPath'
const documentId = 'openapi'

/** Validates requests and responses against an OpenAPI document, in addition to the operation table. */
export interface OpenApiValidation {
  /** @throws ServiceError INVALID_REQUEST */
  checkRequest(id: OperationId, req: Request): void
  /** @throws ServiceError INTERNAL, after logging the flaw */
  checkResponse(id: OperationId, status: number, body: unknown): void
  /** Same as `checkResponse`, without throwing. */
  isValidResponse(id: OperationId | undefined, status: number, body: unknown): boolean
}

interface Checks {
  parameters: ValidateFunction | undefined
  /** Names of headers in the document, by their lower-case form. */
  headerNames: ReadonlyMap<string, string>
  body: ValidateFunction | undefined
  /** Validators by status, `4XX` or `default`; undefined if there is no JSON to validate. */
  responses: Map<string, ValidateFunction | undefined>
}

/**
 * @param specPath the path of the document, YAML or JSON; undefined: use `generated`
 * @throws ConfigError if the document cannot be read, or is not OpenAPI 3.1
 */
export function createOpenApiValidation(
  specPath: string | undefined,
  generated: ApiDocument,
  log: Logger,
): OpenApiValidation {
  const checks = checksOf(specPath === undefined ? generated : readDocument(specPath))
  // An external document is compiled at once to report its flaws; the generated one is compiled as needed.
  if (specPath !== undefined) for (const id of operationIds) checks.get(id)

  function isValidResponse(id: OperationId | undefined, status: number, body: unknown): boolean {
    const responses = id && checks.get(id)?.responses
    if (!id || !responses) return true
    const key = [`${status}`, `${`${status}`[0]}XX`, 'default'].find(candidate => responses.has(candidate))
    // A document may omit errors, but must describe successful responses.
    const check = key === undefined ? undefined : responses.get(key)
    const valid = key === undefined ? status >= 400 : !check || check(body)
    if (!valid) {
      const errors = key === undefined ? 'the status is not described' : check?.errors
      log.error({ operation: id, status, errors }, 'response invalid by the OpenAPI document; not sent')
    }
    return valid
  }

  return {
    isValidResponse,
    checkResponse(id, status, body) {
      if (!isValidResponse(id, status, body)) {
        throw new ServiceError('INTERNAL', 'The response is not valid by the OpenAPI document')
      }
    },
    checkRequest(id, req) {
      const check = checks.get(id)
      const given = { ...req.headers, ...parseQuery(req, getOperation(id).query) }
      const issues = [
        ...findIssues(check?.parameters, given).map(({ path, message }) => ({
          path: check?.headerNames.get(path) ?? path,
          message,
        })),
        ...(req.body === undefined ? [] : findIssues(check?.body, req.body)),
      ]
      // If there are too many errors, those of other alternatives are included.
      const total = Math.max(issues.length, check?.body?.errors?.length ?? 0)
      if (issues.length > 0) throw invalidRequest(issues, issues.length < 100 ? issues.length : total)
    },
  }
}

function readDocument(path: string): ApiDocument {
  let document: unknown
  try {
    document = parseYaml(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new ConfigError(field, `${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
  const { openapi, paths } = (document ?? {}) as { openapi?: unknown; paths?: unknown }
  if (!/^3\.[12]\.\d+/.test(String(openapi)) || typeof paths !== 'object' || paths === null) {
    throw new ConfigError(field, `${path} is not an OpenAPI 3.1 document`)
  }
  return document as ApiDocument
}

/** Caches the newest document, because compiling takes half a second and all routers of a program share it. */
let newest: { text: string; checks: ReturnType<typeof createChecks> } | undefined

function checksOf(document: ApiDocument): ReturnType<typeof createChecks> {
  const text = JSON.stringify(document)
  if (newest?.text !== text) newest = { text, checks: createChecks(new JsonDocument(document)) }
  return newest.checks
}

/** The validators of each operation in the document, compiled on first use. */
function createChecks(document: JsonDocument): { get(id: OperationId): Checks | undefined } {
  const known = new Map<OperationId, Checks | undefined>()
  const compileOperation = withConfigError(() => prepare(document))
  return {
    get(id) {
      if (!known.has(id))
        known.set(
          id,
          withConfigError(() => compileOperation(id)),
        )
      return known.get(id)
    },
  }
}

function withConfigError<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new ConfigError(field, `the document cannot be used: ${(cause as Error).message}`, { cause })
  }
}

function prepare(document: JsonDocument): (id: OperationId) => Checks | undefined {
  const options = { strict: false, allErrors: true, logger: false, discriminator: true } as const
  // Flaws of a response are logged, and the log must not contain its content.
  const ofResponses = new Ajv2020(options)
  const ofBodies = new Ajv2020({ ...options, verbose: true })
  // Parameters of all types arrive as text.
  const ofParameters = new Ajv2020({ ...options, verbose: true, coerceTypes: true })
  const schemas = withDiscriminators(document.root)
  for (const instance of [ofResponses, ofBodies, ofParameters]) {
    formats.default(instance)
    instance.addSchema(schemas as AnySchema, documentId, false, false)
  }
  const paths = new Map(
    Object.keys(document.at(['paths']).value as object).map(path => [path.replace(/\{\w+\}/g, ':'), path]),
  )
  const compiled = new Map<string, ValidateFunction>()
  // Most responses in the document are errors, which all have the same schema.
  const compileResponse = (schema: JsonNode) => {
    const reference = toReference(schema)
    const known = compiled.get(reference) ?? ofResponses.compile({ $ref: reference })
    compiled.set(reference, known)
    return known
  }
  return id => {
    const { path, method } = getOperation(id)
    const described = paths.get(path.replace(/:\w+/g, ':'))
    const node = described === undefined ? undefined : document.find(['paths', described, method])
    return node && compile(node, compileResponse, ofBodies, ofParameters)
  }
}

function compile(
  operation: JsonNode,
  compileResponse: (schema: JsonNode) => ValidateFunction,
  ofBodies: Ajv2020,
  ofParameters: Ajv2020,
): Checks {
  const bodySchema = operation.find('requestBody')?.find('content', 'application/json', 'schema')
  const responses = operation.find('responses')
  return {
    parameters: compileParameters(operation, ofParameters),
    headerNames: new Map(headersOf(operation).map(name => [name.toLowerCase(), name])),
    body: bodySchema && ofBodies.compile({ $ref: toReference(bodySchema) }),
    responses: new Map(
      Object.keys((responses?.value ?? {}) as object).map(status => {
        const schema = responses?.find(status)?.find('content', 'application/json', 'schema')
        return [status.toUpperCase().replace('DEFAULT', 'default'), schema && compileResponse(schema)]
      }),
    ),
  }
}

/** Excludes path parameters: a malformed id is an unknown id, which the service reports. */
function compileParameters(operation: JsonNode, ajv: Ajv2020): ValidateFunction | undefined {
  const properties: Record<string, AnySchema> = {}
  const required: string[] = []
  for (const parameter of operation.find('parameters')?.items() ?? []) {
    const described = parameter.value as { name: string; in: string; required?: boolean }
    const schema = parameter.find('schema')
    if (!schema || (described.in !== 'query' && described.in !== 'header')) continue
    const name = described.in === 'header' ? described.name.toLowerCase() : described.name
    properties[name] = { $ref: toReference(schema) }
    if (described.required) required.push(name)
  }
  return Object.keys(properties).length === 0
    ? undefined
    : ajv.compile({ type: 'object', properties, required })
}

function headersOf(operation: JsonNode): string[] {
  return (operation.find('parameters')?.items() ?? [])
    .map(({ value }) => value as { name: string; in: string })
    .flatMap(({ name, in: where }) => (where === 'header' ? [name] : []))
}

function toReference(node: JsonNode): string {
  const segments = node.path.map(segment =>
    encodeURIComponent(segment.replace(/~/g, '~0').replace(/\//g, '~1')),
  )
  return `${documentId}#/${segments.join('/')}`
}

function findIssues(check: ValidateFunction | undefined, value: unknown): RequestIssue[] {
  return !check || check(value) ? [] : toSchemaIssues(check.errors ?? [])
}
