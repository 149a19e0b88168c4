import { buildOpenApi } from '../contract/openapi.ts'

/** An OpenAPI document. */
export type ApiDocument = Record<string, unknown>

/** The generated document, with the name that the key's header has here. */
export function createApiDocument(version: string, apiKeyHeader: string): ApiDocument {
  const document = buildOpenApi(version) as ApiDocument & {
    components: { securitySchemes: { apiKey: { name: string } } }
  }
  document.components.securitySchemes.apiKey.name = apiKeyHeader
  return document
}

/** The document for whoever asks at that mount path. */
export function toServedDocument(document: ApiDocument, baseUrl: string): ApiDocument {
  return { ...document, servers: [{ url: baseUrl || '/' }] }
}
