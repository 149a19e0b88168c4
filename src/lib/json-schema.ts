import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { unfoldedSize } from './unfolded-size.ts'

/**
 * Functions that compile and run JSON Schemas of strangers. Both can take for ever: alternatives that double with each
 * level, regular expressions, references in circles. They are called in the worker of `schema-checks.ts` alone.
 */

export type JsonSchema = Record<string, unknown>

/** What is wrong with a value or a schema, and where in it. */
export interface SchemaFlaw {
  path: string[]
  message: string
}

/** Beyond this, checking one value takes noticeable time, wherever it is done. */
const largestUnfolded = 100_000

/**
 * The first thing that makes a schema unusable for structured output. It has to be a JSON Schema of draft 7 without
 * unknown keywords and outside references, as Claude Code compiles it, and valid in draft 2020-12 as well, as which
 * the model's API reads it.
 */
export function findSchemaFlaw(schema: JsonSchema): SchemaFlaw | undefined {
  if (unfoldedSize(schema) > largestUnfolded) {
    return {
      path: [],
      message: `must not have references that unfold to more than ${largestUnfolded} schemas`,
    }
  }
  const draft7 = createStrictAjv()
  // A `$schema` that is unknown makes this throw.
  try {
    if (!draft7.validateSchema(schema))
      return toMetaFlaw(draft7.errors, 'is not valid in JSON Schema draft 7')
    draft7.compile(schema)
  } catch (error) {
    return { path: [], message: `is not a JSON Schema of draft 7: ${(error as Error).message}` }
  }
  const { $schema: _dialect, ...withoutDialect } = schema
  const draft2020 = new Ajv2020({ strict: false, validateFormats: false, logger: false })
  if (draft2020.validateSchema(withoutDialect)) return undefined
  return toMetaFlaw(
    draft2020.errors,
    "is not valid in JSON Schema draft 2020-12, which the model's API requires",
  )
}

/** What is wrong with a value by a schema in which `findSchemaFlaw` finds nothing. */
export function findOutputFlaw(schema: JsonSchema, value: unknown): SchemaFlaw | undefined {
  const validate: ValidateFunction = createStrictAjv().compile(schema)
  return validate(value) ? undefined : toFlaw(validate.errors)
}

/**
 * What is wrong with a value by a schema that nobody has checked: unknown keywords say nothing, and regular expressions
 * are not tried, as their dialect is not known.
 *
 * @throws Error that says what is wrong with the schema
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

/** Its own instance each time: two schemas may carry the same `$id`. */
function createStrictAjv(): Ajv {
  return new Ajv({
    strict: true,
    strictTypes: false,
    strictTuples: false,
    validateFormats: false,
    logger: false,
  })
}

/** Where several forms would do, the last error says so, and those before it why each does not fit. */
function toFlaw(errors: ErrorObject[] | null | undefined): SchemaFlaw {
  const error = errors?.at(-1)
  if (!error) return { path: [], message: 'is not as asked for' }
  const { instancePath, keyword, params, message = 'is not as asked for' } = error
  const path = toSegments(instancePath)
  if (keyword === 'required') return { path: [...path, params.missingProperty], message: 'is required' }
  if (keyword === 'additionalProperties') {
    return { path: [...path, params.additionalProperty], message: 'is not asked for' }
  }
  if (keyword !== 'enum') return { path, message }
  const values: unknown[] = params.allowedValues
  const named = values.slice(0, 20).map(value => JSON.stringify(value))
  return { path, message: `must be one of ${named.join(', ')}${values.length > 20 ? ', ...' : ''}` }
}

/** The deepest place that is wrong: unions of the meta-schema repeat it further out. */
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
