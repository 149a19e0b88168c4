import { Ajv, type ValidateFunction } from 'ajv'

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
