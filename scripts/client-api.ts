// Writes src/client/generated-api.ts from the OpenAPI document; with --check it only says whether it is true. The
// document uses a small part of JSON Schema; whatever this script does not know makes it fail.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildOpenApi } from '../src/contract/openapi.ts'
import { getOperation, type OperationId, operationIds } from '../src/contract/operations.ts'

interface Schema {
  $ref?: string
  description?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema
}
interface Parameter {
  description?: string
  name: string
  in: string
  required: boolean
  schema: Schema
}
type Content = Record<string, { schema: Schema }>
interface Described {
  parameters?: Parameter[]
  requestBody?: { required: boolean; content: Content }
  responses: Record<string, { content?: Content }>
}

const document = buildOpenApi('') as unknown as {
  paths: Record<string, Record<string, Described>>
  components: { schemas: Record<string, Schema> }
}

/** Keywords without an effect on the type. */
const ignored = new Set([
  'description',
  'examples',
  'format',
  'pattern',
  'default',
  'deprecated',
  'contentEncoding',
  'minimum',
  'exclusiveMinimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'propertyNames',
])
const known = new Set([
  '$ref',
  'type',
  'enum',
  'const',
  'anyOf',
  'oneOf',
  'allOf',
  'properties',
  'required',
  'additionalProperties',
  'items',
])

/** `Event.turn.completed` is `EventTurnCompleted`. */
function toTypeName(name: string): string {
  return name.replace(/(^|[._])(\w)/g, (_, _separator, letter: string) => letter.toUpperCase())
}

function toType(schema: Schema, indent: string): string {
  const strange = Object.keys(schema).find(key => !ignored.has(key) && !known.has(key))
  if (strange !== undefined) throw new Error(`scripts/client-api.ts does not know the keyword ${strange}`)
  if (schema.$ref !== undefined) return toTypeName(schema.$ref.replace('#/components/schemas/', ''))
  if ('const' in schema) return quote(schema.const)
  if (schema.enum) return schema.enum.map(quote).join(' | ')
  const alternatives = schema.anyOf ?? schema.oneOf
  if (alternatives) return [...new Set(alternatives.map(inner => toType(inner, indent)))].join(' | ')
  if (schema.allOf) return schema.allOf.map(inner => toType(inner, indent)).join(' & ')
  if (Array.isArray(schema.type)) {
    return schema.type.map(type => toType({ ...schema, type }, indent)).join(' | ')
  }
  switch (schema.type) {
    case undefined:
      return 'unknown'
    case 'integer':
      return 'number'
    case 'array':
      return `Array<${toType(schema.items ?? {}, indent)}>`
    case 'object':
      return toObject(schema, indent)
    default:
      return schema.type
  }
}

function toObject({ properties = {}, required = [], additionalProperties }: Schema, indent: string): string {
  const inner = `${indent}  `
  const fields = Object.entries(properties).map(([name, schema]) => {
    const isRequired = required.includes(name)
    const type = toType(schema, inner)
    return `${toComment(schema.description, inner)}${inner}${toKey(name)}${isRequired ? `: ${type}` : `?: ${type} | undefined`}\n`
  })
  if (additionalProperties === false)
    return fields.length === 0 ? 'Record<string, never>' : block(fields, indent)
  const rest = typeof additionalProperties === 'object' ? toType(additionalProperties, indent) : 'unknown'
  if (fields.length === 0) return `Record<string, ${rest}>`
  return block([...fields, `${inner}[name: string]: ${rest}\n`], indent)
}

function block(fields: readonly string[], indent: string): string {
  return `{\n${fields.join('')}${indent}}`
}

function quote(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : JSON.stringify(value)
}

function toKey(name: string): string {
  return /^\w+$/.test(name) ? name : quote(name)
}

function toComment(text: string | undefined, indent: string): string {
  return text === undefined ? '' : `${indent}/** ${text.replaceAll('*/', '* /')} */\n`
}

function toParameters(parameters: readonly Parameter[], where: string): string | undefined {
  const own = parameters.filter(parameter => parameter.in === where)
  if (own.length === 0) return undefined
  return toObject(
    {
      properties: Object.fromEntries(
        own.map(({ name, description, schema }) => [
          name,
          { ...schema, ...(description && { description }) },
        ]),
      ),
      required: own.filter(({ required }) => required).map(({ name }) => name),
      additionalProperties: false,
    },
    '    ',
  )
}

const binary = "NonNullable<RequestInit['body']>"

/** The types of an operation's input and response. */
function toOperation(id: OperationId): string {
  const { requestBody, parameters = [], responses } = describedOf(id)
  const json = requestBody?.content['application/json']
  const body = requestBody && (json ? toType(json.schema, '    ') : binary)
  const [params, query, headers] = ['path', 'query', 'header'].map(where => toParameters(parameters, where))
  const isOptional = (text: string) => !/^ {6}[^\s?]+: /m.test(text)
  const fields = [
    params && `    params: ${params}\n`,
    query && `    query${isOptional(query) ? '?' : ''}: ${query}\n`,
    headers && `    headers?: ${headers}\n`,
    body && `    body${requestBody.required ? '' : '?'}: ${body}\n`,
    `    response: ${toResponse(id, responses)}\n`,
  ].filter(field => field !== undefined)
  return `${toComment(getOperation(id).summary, '  ')}  ${id}: ${block(fields, '  ')}\n`
}

function toResponse(id: OperationId, responses: Described['responses']): string {
  const types = getOperation(id).success.flatMap(({ status, schema, contentType }) => {
    const content = responses[status]?.content?.['application/json']
    // A status that is also an error's has the types of both.
    const isError = (content?.schema.anyOf ?? []).some(({ $ref }) => $ref?.endsWith('/ErrorResponse'))
    const json = schema && content && !isError ? [toType(content.schema, '    ')] : []
    if (contentType !== undefined || status === 304) return [...json, 'Response']
    return schema ? json : ['undefined']
  })
  return [...new Set(types)].join(' | ')
}

function describedOf(id: OperationId): Described {
  const { method, path } = getOperation(id)
  const described = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method]
  if (!described) throw new Error(`${id} is not in the document`)
  return described
}

/** What the client has to know of an operation when it runs. */
function toRoute(id: OperationId): string {
  const { method, path, success } = getOperation(id)
  const isRaw = success.every(({ schema, contentType }) => contentType !== undefined && !schema)
  const hasBytes = success.some(({ contentType }) => contentType !== undefined)
  const answer =
    isRaw || (hasBytes && !success.some(({ schema }) => schema)) ? 'raw' : hasBytes ? 'either' : 'json'
  const statuses = success.map(({ status }) => status)
  return `  ${id}: { method: '${method.toUpperCase()}', path: '${path}', statuses: [${statuses.join(', ')}], answer: '${answer}' },\n`
}

const schemas = Object.entries(document.components.schemas)
const events = schemas.filter(([name]) => name.startsWith('Event.')).map(([name]) => name)
const text = [
  '// Generated from the operation table by `npm run client`. Do not edit.\n\n',
  ...schemas.map(
    ([name, schema]) =>
      `${toComment(schema.description, '')}export type ${toTypeName(name)} = ${toType(schema, '')}\n\n`,
  ),
  '/** The data of the stored events, by type. */\nexport interface EventData {\n',
  ...events.map(name => `  '${name.slice('Event.'.length)}': ${toTypeName(name)}\n`),
  '}\n\n/** The input and the response of each operation. */\nexport interface Operations {\n',
  ...operationIds.map(toOperation),
  '}\nexport type OperationId = keyof Operations\n\n',
  "export interface Route {\n  method: string\n  path: string\n  statuses: readonly number[]\n  answer: 'json' | 'raw' | 'either'\n}\n\n",
  'export const routes: Readonly<Record<OperationId, Route>> = {\n',
  ...operationIds.map(toRoute),
  '}\n',
].join('')

const file = join(import.meta.dirname, '../src/client/generated-api.ts')
if (!process.argv.includes('--check')) {
  writeFileSync(file, text)
} else if (readFileSync(file, 'utf8') !== text) {
  throw new Error('src/client/generated-api.ts is not what the operation table says: run `npm run client`')
}
