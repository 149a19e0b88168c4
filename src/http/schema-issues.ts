import type { ErrorObject } from 'ajv'
import type { RequestIssue } from '../contract/errors.ts'
import { toPath } from '../lib/json-flaws.ts'

/** The limit of errors, because sorting alternatives takes quadratic time. */
const mostRead = 300

/**
 * Converts AJV's errors to the contract's form. Of alternatives, only the errors of the intended one are kept.
 * @param errors of an AJV with `allErrors` and `verbose`
 */
export function toSchemaIssues(errors: readonly ErrorObject[]): RequestIssue[] {
  const kept: ErrorObject[] = []
  for (const error of errors.slice(0, mostRead)) {
    // The errors of the alternatives come right before.
    if (!isOfAlternatives(error)) kept.push(error)
    else kept.push(...keepMeant(kept.splice(findFirstInside(kept, error)), error))
  }
  return kept.filter(error => !saysLess(error, kept)).map(toIssue)
}

function isOfAlternatives({ keyword, params }: ErrorObject): boolean {
  return keyword === 'anyOf' || (keyword === 'oneOf' && params.passingSchemas === null)
}

function findFirstInside(errors: readonly ErrorObject[], union: ErrorObject): number {
  const { instancePath, parentSchema } = union
  const isInside = (error: ErrorObject) =>
    `${error.instancePath}/`.startsWith(`${instancePath}/`) && error.parentSchema !== parentSchema
  return errors.findLastIndex(error => !isInside(error)) + 1
}

/** Reports the errors of the intended alternative, if the value's type identifies it. */
function keepMeant(errors: readonly ErrorObject[], union: ErrorObject): ErrorObject[] {
  const alternatives = (union.schema as unknown[]).length
  const ofOtherType = errors.filter(
    ({ keyword, instancePath }) =>
      instancePath === union.instancePath && ['type', 'const', 'enum'].includes(keyword),
  )
  const others = new Set(ofOtherType.map(({ parentSchema }) => parentSchema))
  if (others.size === alternatives - 1) return errors.filter(error => !others.has(error.parentSchema))
  if (others.size < alternatives) return [...errors, union]
  const expected = ofOtherType.filter(error => !saysLess(error, ofOtherType)).map(expectedBy)
  return [{ ...union, keyword: 'type', params: { type: expected.join(' or ') } }]
}

/** Whether an error is about the type or about the choice of values; a text may have the right type but a wrong value. */
function saysLess(error: ErrorObject, errors: readonly ErrorObject[]): boolean {
  const { keyword, instancePath, parentSchema } = error
  return (
    keyword === 'type' &&
    errors.some(
      other =>
        (other.keyword === 'enum' || other.keyword === 'const') &&
        other.instancePath === instancePath &&
        other.parentSchema === parentSchema,
    )
  )
}

function expectedBy({ keyword, params }: ErrorObject): string {
  if (keyword === 'type') return String(params.type).replaceAll(',', ' or ')
  const values: unknown[] = keyword === 'const' ? [params.allowedValue] : params.allowedValues
  return values.map(value => JSON.stringify(value)).join(' or ')
}

function toIssue(error: ErrorObject): RequestIssue {
  const { instancePath, keyword, params, message = 'is not valid' } = error
  const segments = instancePath
    .split('/')
    .slice(1)
    .map(segment => segment.replace(/~1/g, '/').replace(/~0/g, '~'))
    .map(segment => (/^\d+$/.test(segment) ? Number(segment) : segment))
  if (keyword === 'discriminator') {
    const { propertyName, values } = error.schema as { propertyName: string; values: readonly string[] }
    const named = values.map(value => JSON.stringify(value)).join(' or ')
    return { path: toPath([...segments, propertyName]), message: `must be ${named}` }
  }
  if (['type', 'const', 'enum'].includes(keyword)) {
    return { path: toPath(segments), message: `must be ${expectedBy(error)}` }
  }
  const extra = params.additionalProperty ?? params.missingProperty
  return { path: toPath(typeof extra === 'string' ? [...segments, extra] : segments), message }
}
