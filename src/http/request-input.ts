import type { Request } from 'express'
import { z } from 'zod'
import { invalidField, invalidRequest } from '../contract/errors.ts'
import { getOperation, type OperationId, type OperationInput } from '../contract/operations.ts'
import { IssueList } from '../contract/request-issues.ts'
import { findJsonFlaw } from '../lib/json-flaws.ts'

const nothing = z.strictObject({})

/**
 * Validates path, query, headers and body against the operation's schemas.
 *
 * @throws ServiceError INVALID_REQUEST that names all invalid fields
 */
export function parseInput<Id extends OperationId>(id: Id, req: Request): OperationInput<Id> {
  const operation = getOperation(id)
  const issues = new IssueList()
  const parse = (schema: z.ZodType, value: unknown): unknown => {
    const result = schema.safeParse(value)
    if (!result.success) issues.add(result.error.issues)
    return result.data
  }
  if (operation.body && !operation.bodyOptional && req.body === undefined) {
    throw invalidField('', 'a JSON body is required')
  }
  const input = {
    params: operation.params ? parse(operation.params, req.params) : {},
    query: parse(operation.query ?? nothing, parseQuery(req, operation.query)),
    headers: operation.headers ? parse(operation.headers, pickHeaders(operation.headers, req)) : {},
    body: operation.body ? parse(operation.body, req.body === undefined ? {} : req.body) : {},
  }
  if (issues.total > 0) throw invalidRequest(issues.listed, issues.total)
  return input as OperationInput<Id>
}

/** Returns the operation's headers, under the operation's names. */
function pickHeaders(schema: z.ZodObject, req: Request): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(schema.shape).flatMap(name => {
      const value = req.headers[name.toLowerCase()]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** Parses the query without `req.query`, whose parser is a setting of the host application. */
export function parseQuery(req: Request, schema: z.ZodType | null): Record<string, string | string[]> {
  const start = req.url.indexOf('?')
  const values: Record<string, string | string[]> = Object.create(null)
  if (start === -1) return values
  for (const parameter of req.url.slice(start + 1).split('&')) refuseUndecodable(parameter, req.method)
  for (const [name, value] of new URLSearchParams(req.url.slice(start))) {
    const before = values[name]
    if (Array.isArray(before)) before.push(value)
    else if (isRepeatable(schema, name)) values[name] = [value]
    else if (before !== undefined) throw invalidField(name, 'must be given only once')
    else values[name] = value
  }
  const flaw = findJsonFlaw(values, 3)
  if (flaw) throw invalidField(flaw.path, flaw.message)
  return values
}

function isRepeatable(schema: z.ZodType | null, name: string): boolean {
  const parameter: unknown = schema instanceof z.ZodObject ? schema.shape[name] : undefined
  return parameter instanceof z.ZodOptional && parameter.unwrap() instanceof z.ZodArray
}

/** Refuses undecodable text, which would be read differently than it was sent. */
function refuseUndecodable(parameter: string, method: string): void {
  const [name = ''] = parameter.split('=', 1)
  const isDecodable = (text: string) => /^[\x21-\x7e]*$/.test(text) && canDecode(text)
  if (!isDecodable(name)) throw invalidField('query', 'names must be percent-encoded UTF-8')
  // In a path, an undecodable id is an unknown one.
  if (name === 'path' && ['GET', 'HEAD'].includes(method)) return
  if (!isDecodable(parameter)) throw invalidField(decodeURIComponent(name), 'must be percent-encoded UTF-8')
}

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
