import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { unfoldedSize } from './unfolded-size.ts'

/**
 * Functions that compile and run untrusted JSON Schemas. Both can take forever, because of alternatives that double
 * with each level, regular expressions, or circular references. Call them only in the worker of `schema-checks.ts`.
 */

export type JsonSchema = Record<string, unknown>

/** A flaw of a value or a schema, and its place. */
export interface SchemaFlaw {
  path: string[]
  message: string
}

/** Larger schemas take noticeable time for each validated value. */
const largestUnfolded = 100_000

/**
 * Finds the first flaw that makes a schema unusable for structured output. The schema must be valid in draft 7,
 * without unknown keywords and external references, because Claude Code compiles it. It must also be valid in draft
 * 2020-12, because the model's API reads it as such.
 */
export function findSchemaFlaw(schema: JsonSchema): SchemaFlaw | undefined {
  if (unfoldedSize(schema) > largestUnfolded) {
    return {
      path: [],
      message: `must not have references that expand to more than ${largestUnfolded} schemas`,
    }
  }
  const draft7 = createStrictAjv()
  // An unknown `$schema` throws here.
  try {
    if (!draft7.validateSchema(schema))
      return toMetaFlaw(draft7.errors, 'must be valid in JSON Schema draft 7')
    draft7.compile(schema)
  } catch (error) {
    return { path: [], message: `must be a JSON Schema (draft 7): ${(error as Error).message}` }
  }
  const { $schema: _dialect, ...withoutDialect } = schema
  const draft2020 = new Ajv2020({ strict: false, validateFormats: false, logger: false })
  if (draft2020.validateSchema(withoutDialect)) return undefined
  return toMetaFlaw(
    draft2020.errors,
    "must be valid in JSON Schema draft 2020-12, which the model's API requires",
  )
}

/** Validates a value against a schema in which `findSchemaFlaw` found no flaw. */
export function findOutputFlaw(schema: JsonSchema, value: unknown): SchemaFlaw | undefined {
  const validate: ValidateFunction = createStrictAjv().compile(schema)
  return validate(value) ? undefined : toFlaw(validate.errors)
}

/**
 * Validates a value against an unchecked schema. Unknown keywords are ignored, and so are regular expressions, because
 * their dialect is unknown.
 *
 * @throws Error that describes the flaw of the schema
 */
export function findFormFlaw(
  { $schema: _dialect, ...schema }: JsonSchema,
  value: unknown,
): SchemaFlaw | undefined {
  const ajv = new Ajv({ strict: false, validateFormats: false, ownProperties: true, logger: false })
  for (const keyword of ['pattern', 'patternProperties']) ajv.removeKeyword(keyword)
  const validate = ajv.compile(schema)
  return validate(value) ? undefined : toFlaw(validate.errors)
}

/** Creates a new instance each time, because two schemas may have the same `$id`. */
function createStrictAjv(): Ajv {
  return new Ajv({
    strict: true,
    strictTypes: false,
    strictTuples: false,
    validateFormats: false,
    logger: false,
  })
}

/** Uses the last error: for alternatives it describes the choice, while earlier errors describe each alternative. */
function toFlaw(errors: ErrorObject[] | null | undefined): SchemaFlaw {
  const error = errors?.at(-1)
  if (!error) return { path: [], message: 'is not valid' }
  const { instancePath, keyword, params, message = 'is not valid' } = error
  const path = toSegments(instancePath)
  if (keyword === 'required') return { path: [...path, params.missingProperty], message: 'is required' }
  if (keyword === 'additionalProperties') {
    return { path: [...path, params.additionalProperty], message: 'is not a field of the schema' }
  }
  if (keyword !== 'enum') return { path, message }
  const values: unknown[] = params.allowedValues
  const named = values.slice(0, 20).map(value => JSON.stringify(value))
  return { path, message: `must be one of ${named.join(', ')}${values.length > 20 ? ', ...' : ''}` }
}

/** Returns the deepest error, because unions of the meta-schema repeat it further out. */
function toMetaFlaw(errors: ErrorObject[] | null | undefined, what: string): SchemaFlaw {
  const [error] = (errors ?? []).toSorted((one, other) => other.instancePath.length - one.instancePath.length)
  return {
    path: toSegments(error?.instancePath ?? ''),
    message: `${what}: ${error?.message ?? 'is not valid'}`,
  }
}

function toSegments(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}
