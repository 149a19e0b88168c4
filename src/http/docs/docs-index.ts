import { type ErrorCode, errorCatalogue, errorCodes } from '../../contract/errors.ts'
import { type Html, html } from '../../lib/html.ts'
import { type JsonSchema, renderCode, renderText } from './docs-schema.ts'
import type { DocumentParts, Endpoint } from './document-parts.ts'

/** Renders the table of contents. */
export function renderContents(groups: readonly { name: string; endpoints: readonly Endpoint[] }[]): Html {
  return html`<ul><li><a href="#authentication">Authentication</a></li></ul>
${groups.map(
  ({ name, endpoints }) =>
    html`<p><a href="#tag-${name}">${name}</a></p><ul>${endpoints.map(
      ({ operationId, summary }) =>
        html`<li><a href="#${operationId}">${renderText(shorten(summary))}</a></li>`,
    )}</ul>`,
)}
<ul><li><a href="#errors">Errors</a></li><li><a href="#schemas">Schemas and events</a></li>
<li><a href="#fields">Index of fields</a></li></ul>`
}

/** The part of a summary before the first detail. */
function shorten(summary: string): string {
  return summary.split(/[,;:(]/)[0]?.trim() ?? summary
}

/** Renders all error codes with an example each, and the operations that can return them. */
export function renderErrors(
  examples: DocumentParts['components']['examples'],
  endpoints: readonly Endpoint[],
): Html {
  return html`<section id="errors"><h2>Errors</h2>
<p>Every error has the body <a href="#schema-ErrorResponse">ErrorResponse</a>. Programs read <code>code</code>.</p>
${errorCodes.map(
  code => html`<article id="error-${code}"><h3>${renderCode(code)} <span class="quiet">${errorCatalogue[code].status}</span></h3>
<p>${errorCatalogue[code].title}. ${errorCatalogue[code].retryable ? 'The same request can succeed later.' : 'The same request would fail again.'}</p>
${renderOrigins(code, endpoints)}
<details><summary>Example</summary><pre><code>${JSON.stringify(examples[code]?.value, null, 2)}</code></pre></details></article>`,
)}</section>`
}

function renderOrigins(code: ErrorCode, endpoints: readonly Endpoint[]): Html {
  const origins = endpoints.filter(({ responses }) =>
    Object.values(responses).some(({ content }) => {
      return Object.hasOwn(content?.['application/json']?.examples ?? {}, code)
    }),
  )
  if (origins.length === 0) return html`<p class="quiet">Of paths and methods that do not exist.</p>`
  if (origins.length > endpoints.length / 2) return html`<p class="quiet">Of most operations.</p>`
  return html`<p class="quiet">Of ${origins.map(
    ({ operationId }, index) => html`${index > 0 && ', '}<a href="#${operationId}">${operationId}</a>`,
  )}.</p>`
}

/** Renders all names of fields with the schemas that have them. */
export function renderFieldIndex(schemas: Readonly<Record<string, JsonSchema>>): Html {
  const fields = new Map<string, string[]>()
  for (const [schema, { properties = {} }] of Object.entries(schemas)) {
    for (const name of Object.keys(properties)) fields.set(name, [...(fields.get(name) ?? []), schema])
  }
  const sorted = [...fields].sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
  return html`<section id="fields"><h2>Index of fields</h2><dl>${sorted.map(
    ([name, owners]) =>
      html`<dt>${renderCode(name)}</dt><dd>${owners.map(
        (owner, index) => html`${index > 0 && ', '}<a href="#field-${owner}.${name}">${owner}</a>`,
      )}</dd>`,
  )}</dl></section>`
}
