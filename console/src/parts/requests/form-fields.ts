/** The value of a form's field, as the API takes it. */
export type FieldValue = string | number | boolean | string[]

interface Choice {
  value: string
  label: string
}

export interface FormField {
  name: string
  label: string
  description: string | undefined
  required: boolean
  type:
    | 'text'
    | 'email'
    | 'url'
    | 'date'
    | 'datetime-local'
    | 'number'
    | 'integer'
    | 'boolean'
    | 'choice'
    | 'choices'
  choices: Choice[]
  initial: FieldValue | undefined
  minimum: number | undefined
  maximum: number | undefined
  minLength: number | undefined
  maxLength: number | undefined
}

type Json = Record<string, unknown>

const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {}
const asText = (value: unknown) => (typeof value === 'string' ? value : undefined)
const asNumber = (value: unknown) => (typeof value === 'number' ? value : undefined)

const formats: Record<string, FormField['type']> = {
  email: 'email',
  uri: 'url',
  date: 'date',
  'date-time': 'datetime-local',
}

function choicesOf({ enum: values, enumNames, oneOf, anyOf }: Json): Choice[] {
  const named = [oneOf, anyOf].find(Array.isArray) as unknown[] | undefined
  if (named) {
    return named.map(asObject).map(({ const: value, title }) => ({
      value: String(value),
      label: asText(title) ?? String(value),
    }))
  }
  const labels = Array.isArray(enumNames) ? enumNames : []
  return (Array.isArray(values) ? values : []).map((value, index) => ({
    value: String(value),
    label: asText(labels[index]) ?? String(value),
  }))
}

function typeOf(schema: Json, choices: Choice[]): FormField['type'] {
  if (schema.type === 'array') return 'choices'
  if (choices.length > 0) return 'choice'
  if (schema.type === 'boolean' || schema.type === 'number' || schema.type === 'integer') return schema.type
  return formats[asText(schema.format) ?? ''] ?? 'text'
}

/** The fields of a form that an MCP server asks for (MCP elicitation: flat, of primitive types and choices). */
export function readFields(schema: unknown): FormField[] {
  const { properties, required } = asObject(schema)
  const needed = new Set(Array.isArray(required) ? required : [])
  return Object.entries(asObject(properties)).map(([name, value]) => {
    const field = asObject(value)
    const choices = choicesOf(field.type === 'array' ? asObject(field.items) : field)
    return {
      name,
      label: asText(field.title) ?? name,
      description: asText(field.description),
      required: needed.has(name),
      type: typeOf(field, choices),
      choices,
      initial: field.default as FieldValue | undefined,
      minimum: asNumber(field.minimum),
      maximum: asNumber(field.maximum),
      minLength: asNumber(field.minLength),
      maxLength: asNumber(field.maxLength),
    }
  })
}

/** Reads a field's text as its type; undefined: it was left empty. */
export function toValue({ type }: FormField, value: FieldValue | undefined): FieldValue | undefined {
  if (value === '' || value === undefined) return undefined
  if (type === 'number' || type === 'integer') return Number(value)
  if (type === 'datetime-local' && typeof value === 'string') return new Date(value).toISOString()
  return value
}
