import { buildOpenApi } from '../contract/openapi.ts'

/** An OpenAPI document. */
export type ApiDocument = Record<string, unknown>

const made = new Map<string, ApiDocument>()

/** Returns the generated document, with this server's key header. It is created once and must not be changed. */
export function createApiDocument(version: string, apiKeyHeader: string): ApiDocument {
  const key = `${version} ${apiKeyHeader}`
  const document = made.get(key) ?? build(version, apiKeyHeader)
  made.set(key, document)
  return document
}

function build(version: string, apiKeyHeader: string): ApiDocument {
  const document = buildOpenApi(version) as ApiDocument & {
    components: { securitySchemes: { apiKey: { name: string } } }
  }
  document.components.securitySchemes.apiKey.name = apiKeyHeader
  return document
}

/** Returns the document for callers at the mount path. */
export function toServedDocument(document: ApiDocument, baseUrl: string): ApiDocument {
  return { ...document, servers: [{ url: baseUrl || '/' }] }
}
