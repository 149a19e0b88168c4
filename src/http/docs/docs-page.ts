import { createHash } from 'node:crypto'
import { getOperation } from '../../contract/operations.ts'
import { Html, html } from '../../lib/html.ts'
import type { ApiDocument } from '../api-document.ts'
import { renderContents, renderErrors, renderFieldIndex } from './docs-index.ts'
import { renderEndpoint } from './docs-operation.ts'
import { type JsonSchema, renderSchema, renderText } from './docs-schema.ts'
import { docsStyle } from './docs-style.ts'
import { type DocumentParts, type Endpoint, listEndpoints } from './document-parts.ts'

const digest = createHash('sha256').update(docsStyle).digest('base64')

/** Allows only the page's own style sheet: no scripts, frames or forms. */
export const docsSecurityPolicy = `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/**
 * Renders the OpenAPI document as an HTML page.
 *
 * @param root the relative path from the page to the root of the API
 */
export function renderDocs(document: ApiDocument, root: string): string {
  const parts = document as unknown as DocumentParts
  const { info, servers, tags, components } = parts
  const endpoints = listEndpoints(parts)
  const base = servers[0]?.url.replace(/\/$/, '')
  const groups = tags.map(({ name }) => ({
    name,
    endpoints: endpoints.filter(({ tags: [tag] }) => tag === name),
  }))
  const contents = renderContents(groups)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} ${info.version}</title>
<style>${new Html(docsStyle)}</style>
</head>
<body>
<nav class="wide" aria-label="Contents">${contents}</nav>
<main>
<header>
<h1>${info.title} <span class="quiet">${info.version}</span></h1>
<p>${renderText(info.description)}</p>
<p>Paths are relative to <code>${base || '/'}</code>. As a document for programs:
<a href="${root}openapi.json">openapi.json</a>. With forms to try each operation:
<a href="${root}reference">reference</a>. To find an operation, a field or an error code, search in this page:
it has all of them, and an <a href="#fields">index of fields</a>.</p>
</header>
<details class="narrow"><summary>Contents</summary><nav aria-label="Contents">${contents}</nav></details>
${renderAuthentication(components.securitySchemes.apiKey.name, endpoints)}
${groups.map(({ name, endpoints: members }) => html`<section id="tag-${name}"><h2>${name}</h2>${members.map(renderEndpoint)}</section>`)}
${renderErrors(components.examples, endpoints)}
<section id="schemas"><h2>Schemas</h2>
<p>The names with <code>Event.</code> are the data of the events in streams.</p>
${Object.entries(components.schemas).map(renderComponent)}</section>
${renderFieldIndex(components.schemas)}
</main>
</body>
</html>
`.toString()
}

function renderAuthentication(header: string, endpoints: readonly Endpoint[]): Html {
  const open = endpoints.filter(({ operationId }) => getOperation(operationId).auth === 'none')
  return html`<section id="authentication"><h2>Authentication</h2>
<p>Send an API key with each request, in one of two headers:</p>
<pre><code>${header === 'authorization' ? '' : `${header}: YOUR-KEY\n`}Authorization: Bearer YOUR-KEY</code></pre>
<p>Keys in the query string are ignored, because they would end up in logs. A request without a key gets 401
<a href="#error-MISSING_API_KEY"><code>MISSING_API_KEY</code></a>, one with a wrong key 403
<a href="#error-INVALID_API_KEY"><code>INVALID_API_KEY</code></a>.</p>
<p>A browser cannot send these headers from its address bar. It asks for a user and a password instead (HTTP Basic):
enter any user name, and the key as the password. This works only for pages that are made for browsers, such as this
one; all other operations need one of the headers.</p>
<p>No key is needed for ${open.map(({ operationId, method, path }, index) => html`${index > 0 && ', '}<a href="#${operationId}">${method} <code>${path}</code></a>`)},
and for any operation of a server whose owner has turned keys off.</p>
<p>In the samples, <code>$API</code> is the URL of the API, <code>$KEY</code> the key, and variables such as
<code>$SESSION</code> are ids.</p>
</section>`
}

function renderComponent([name, schema]: [string, JsonSchema]): Html {
  return html`<article id="schema-${name}"><h3><code>${name}</code></h3>${renderSchema(schema, name)}</article>`
}
