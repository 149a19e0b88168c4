import type { OperationId } from '../../contract/operations.ts'
import type { CodeSample } from '../../contract/samples/code-samples.ts'
import type { JsonSchema } from './docs-schema.ts'

/** The parts of the OpenAPI document that the page shows. */
export interface DocumentParts {
  info: { title: string; version: string; description: string }
  servers: { url: string }[]
  tags: { name: string }[]
  paths: Record<string, Record<string, Described>>
  components: {
    schemas: Record<string, JsonSchema>
    examples: Record<string, { value: unknown }>
    securitySchemes: { apiKey: { name: string } }
  }
}

export interface Example {
  value?: unknown
  $ref?: string
}

export interface Message {
  description?: string
  content?: Record<string, { schema: JsonSchema; examples?: Record<string, Example>; example?: unknown }>
}

export interface Parameter {
  name: string
  in: string
  required: boolean
  description?: string
  schema: JsonSchema
  example?: unknown
}

interface Described {
  operationId: OperationId
  tags: string[]
  summary: string
  parameters?: Parameter[]
  requestBody?: Message & { required: boolean }
  responses: Record<string, Message & { description: string }>
  'x-codeSamples': CodeSample[]
}

export interface Endpoint extends Described {
  method: string
  path: string
}

export function listEndpoints({ paths }: DocumentParts): Endpoint[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      ...described,
      method: method.toUpperCase(),
      path,
    })),
  )
}
