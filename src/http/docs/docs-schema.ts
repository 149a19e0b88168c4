import { Html, html } from '../../lib/html.ts'

/** The subset of JSON Schema that the document uses. */
export interface JsonSchema {
  $ref?: string
  type?: string | string[]
  description?: string
  const?: unknown
  enum?: unknown[]
  default?: unknown
  format?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  items?: JsonSchema
  additionalProperties?: JsonSchema | boolean
  properties?: Record<string, JsonSchema>
  required?: string[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  allOf?: JsonSchema[]
}

/**
 * Renders a schema as a block with its description and a table of its fields.
 *
 * @param name the name of the schema, for links to its fields
 */
export function renderSchema(schema: JsonSchema, name?: string): Html {
  const { description, properties, $ref } = schema
  return html`${description && html`<p>${renderText(description)}</p>`}
${properties && !$ref ? renderFields(schema, name) : html`<p>${renderType(schema)}</p>`}`
}

/** Renders a type in a few words; named types become links. */
export function renderType(schema: JsonSchema): Html {
  const alternatives = schema.anyOf ?? schema.oneOf ?? schema.allOf
  if (schema.$ref) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
    return html`<a href="#schema-${name}">${name}</a>`
  }
  if (alternatives)
    return html`${alternatives.map((one, index) => html`${index > 0 && ' or '}${renderType(one)}`)}`
  if (schema.const !== undefined) return renderCode(JSON.stringify(schema.const))
  if (schema.enum) {
    return html`${schema.enum.map((value, index) => html`${index > 0 && ' | '}${renderCode(String(JSON.stringify(value)))}`)}`
  }
  if (
    typeof schema.additionalProperties === 'object' &&
    Object.keys(schema.additionalProperties).length > 0
  ) {
    return html`object of ${renderType(schema.additionalProperties)}`
  }
  if (schema.items) return html`list of ${renderType(schema.items)}${renderBounds(schema)}`
  if (schema.properties) return html`object ${renderFields(schema)}`
  return html`${[schema.type ?? 'any'].flat().join(' or ')}${renderBounds(schema)}`
}

/** Renders the default of a field, if it has one. */
export function renderDefault(schema: JsonSchema): Html {
  return html`${schema.default !== undefined && html`, default <code>${JSON.stringify(schema.default)}</code>`}`
}

/** Renders code that may break after its punctuation, and never in the middle of a word. */
export function renderCode(text: string): Html {
  const parts = text.length > 12 ? text.split(/(?<=[/_.:?&=,-])/) : [text]
  return html`<code>${parts.map((part, index) => html`${index > 0 && new Html('<wbr>')}${part}`)}</code>`
}

/** Renders text with `code` in backticks. */
export function renderText(text: string | undefined): Html {
  const parts = (text ?? '').split('`')
  return html`${parts.map((part, index) => (index % 2 === 1 ? renderCode(part) : part))}`
}

function renderFields({ properties = {}, required = [] }: JsonSchema, schema?: string): Html {
  return html`<table class="rows"><tbody>
${Object.entries(properties).map(
  ([
    name,
    field,
  ]) => html`<tr${schema !== undefined && html` id="field-${schema}.${name}"`}><td>${renderCode(name)}${!required.includes(name) && html` <span class="quiet">optional</span>`}</td>
<td>${renderType(field)}${renderDefault(field)}</td>
<td>${renderText(field.description)}</td></tr>`,
)}
</tbody></table>`
}

function renderBounds(schema: JsonSchema): Html {
  const { format, minimum, maximum, minLength, maxLength, minItems, maxItems } = schema
  const isSafe = (bound: number | undefined) =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER
  const range = (unit: string, from?: number, to?: number) => {
    if (isSafe(from) && isSafe(to)) return `${from} to ${to}${unit}`
    if (isSafe(from)) return `${from} or more${unit}`
    return isSafe(to) ? `at most ${to}${unit}` : undefined
  }
  const bounds = [
    format,
    range('', minimum, maximum),
    range(' characters', minLength, maxLength),
    range(' items', minItems, maxItems),
  ].filter(bound => bound !== undefined)
  return html`${bounds.length > 0 && ` (${bounds.join(', ')})`}`
}
