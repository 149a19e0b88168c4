import { createHash } from 'node:crypto'
import { getOperation, type OperationId } from '../contract/operations.ts'
import { Html, html } from '../lib/html.ts'
import type { ApiDocument } from './api-document.ts'
import { type JsonSchema, renderDefault, renderSchema, renderText, renderType } from './docs-schema.ts'
import { docsStyle } from './docs-style.ts'

interface Media {
  content?: Record<string, { schema: JsonSchema }>
}

interface Response extends Media {
  description: string
}

interface Described {
  operationId: OperationId
  tags: string[]
  summary: string
  parameters?: { name: string; in: string; required: boolean; description?: string; schema: JsonSchema }[]
  requestBody?: Media & { required: boolean }
  responses: Record<string, Response>
}

interface Endpoint extends Described {
  method: string
  path: string
}

const digest = createHash('sha256').update(docsStyle).digest('base64')

/** Allows only the page's own style sheet: no scripts, frames or forms. */
export const docsSecurityPolicy = `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/**
 * Renders the OpenAPI document as an HTML page.
 *
 * @param root the relative path from the page to the root of the API
 */
export function renderDocs(document: ApiDocument, root: string): string {
  const { info, servers, tags, paths, components } = document as unknown as {
    info: { title: string; version: string; description: string }
    servers: { url: string }[]
    tags: { name: string }[]
    paths: Record<string, Record<string, Described>>
    components: { schemas: Record<string, JsonSchema> }
  }
  const endpoints = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      ...described,
      method: method.toUpperCase(),
      path,
    })),
  )
  const base = servers[0]?.url.replace(/\/$/, '')
  const groups = tags.map(({ name }) => ({
    name,
    endpoints: endpoints.filter(({ tags: [tag] }) => tag === name),
  }))
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} ${info.version}</title>
<style>${new Html(docsStyle)}</style>
</head>
<body>
<header>
<h1>${info.title} <span class="quiet">${info.version}</span></h1>
<p>${renderText(info.description)}</p>
<p>Paths are relative to <code>${base || '/'}</code>. As a document for programs:
<a href="${root}openapi.json">openapi.json</a>.</p>
</header>
<nav aria-label="Operations"><h2>Operations</h2>${groups.map(renderContents)}</nav>
<main>
${groups.map(group => html`<section><h2>${group.name}</h2>${group.endpoints.map(renderEndpoint)}</section>`)}
<section><h2>Schemas</h2>${Object.entries(components.schemas).map(renderComponent)}</section>
</main>
</body>
</html>
`.toString()
}

function renderContents({ name, endpoints }: { name: string; endpoints: Endpoint[] }): Html {
  return html`<h4>${name}</h4><ul>${endpoints.map(
    ({
      operationId,
      method,
      path,
      summary,
    }) => html`<li><a href="#${operationId}"><span class="method">${method}</span>
<code>${path}</code></a> <span class="quiet">${renderText(summary)}</span></li>`,
  )}</ul>`
}

function renderEndpoint(endpoint: Endpoint): Html {
  const { operationId, method, path, summary, parameters = [], requestBody, responses } = endpoint
  const body = requestBody?.content?.['application/json']?.schema
  return html`<article id="${operationId}">
<h3><span class="method">${method}</span> <code>${path}</code></h3>
<p>${renderText(summary)}.${getOperation(operationId).auth === 'none' && ' No key is needed.'}</p>
${parameters.length > 0 && renderParameters(parameters)}
${body && html`<h4>Body${!requestBody?.required && ' (optional)'}</h4>${renderSchema(body)}`}
<h4>Responses</h4>
<div class="scroll"><table><thead><tr><th>Status</th><th>Meaning</th><th>Body</th></tr></thead><tbody>
${Object.entries(responses).map(renderResponse)}
</tbody></table></div>
</article>`
}

function renderParameters(parameters: NonNullable<Described['parameters']>): Html {
  return html`<h4>Parameters</h4><div class="scroll"><table>
<thead><tr><th>Name</th><th>In</th><th>Type</th><th></th></tr></thead><tbody>
${parameters.map(
  ({ name, in: where, required, description, schema }) => html`<tr><td><code>${name}</code></td>
<td>${where}${required && ', required'}</td><td>${renderType(schema)}${renderDefault(schema)}</td><td>${renderText(description)}</td></tr>`,
)}
</tbody></table></div>`
}

function renderResponse([status, { description, content = {} }]: [string, Response]): Html {
  return html`<tr><td>${status}</td><td>${renderText(description)}</td>
<td>${Object.entries(content).map(([type, { schema }]) =>
    type === 'application/json' ? renderType(schema) : html`<code>${type}</code>`,
  )}</td></tr>`
}

function renderComponent([name, schema]: [string, JsonSchema]): Html {
  return html`<article id="schema-${name}"><h3><code>${name}</code></h3>${renderSchema(schema)}</article>`
}
