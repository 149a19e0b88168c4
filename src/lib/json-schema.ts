import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'

/** Checks values against one JSON Schema. */
export interface SchemaCheck {
  /** What is wrong with the value, in words; undefined: nothing. */
  findFlaw(value: unknown): string | undefined
}

const checks = new WeakMap<object, SchemaCheck>()

/**
 * A JSON Schema of draft 7. A keyword that is unknown or a reference that leads elsewhere makes it wrong; `format`
 * says something to readers and is not checked.
 *
 * @throws Error that says what is wrong with the schema
 */
export function compileJsonSchema(schema: Record<string, unknown>): SchemaCheck {
  const known = checks.get(schema)
  if (known) return known
  // Its own instance each time: two schemas may carry the same `$id`.
  const ajv = new Ajv({
    strict: true,
    strictTypes: false,
    strictTuples: false,
    validateFormats: false,
    logger: false,
  })
  const validate: ValidateFunction = ajv.compile(schema)
  const check: SchemaCheck = {
    findFlaw: value => (validate(value) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'root' })),
  }
  checks.set(schema, check)
  return check
}

/** What is wrong with a value, and where in it. */
export interface SchemaFlaw {
  path: string[]
  message: string
}

/**
 * What is wrong with a value by a schema that strangers have written: keywords that are unknown say nothing, and
 * regular expressions are not tried, as one can be made that never comes to an end.
 *
 * @throws Error that says what is wrong with the schema
 */
export function findFlawByForeignSchema(
  { $schema: _dialect, ...schema }: Record<string, unknown>,
  value: unknown,
): SchemaFlaw | undefined {
  const ajv = new Ajv({ strict: false, validateFormats: false, ownProperties: true, logger: false })
  for (const keyword of ['pattern', 'patternProperties']) ajv.removeKeyword(keyword)
  const validate = ajv.compile(schema)
  if (validate(value)) return undefined
  // Where several forms would do, the last one says so, and those before it why each does not fit.
  const error = validate.errors?.at(-1)
  return error ? toFlaw(error) : { path: [], message: 'is not as asked for' }
}

function toFlaw({ instancePath, keyword, params, message = 'is not as asked for' }: ErrorObject): SchemaFlaw {
  const path = instancePath.split('/').slice(1).map(fromPointer)
  if (keyword === 'required') return { path: [...path, params.missingProperty], message: 'is required' }
  if (keyword === 'additionalProperties') {
    return { path: [...path, params.additionalProperty], message: 'is not asked for' }
  }
  if (keyword !== 'enum') return { path, message }
  const values: unknown[] = params.allowedValues
  return { path, message: `must be one of ${values.map(value => JSON.stringify(value)).join(', ')}` }
}

/** A part of a JSON pointer as it is in the value. */
function fromPointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}
