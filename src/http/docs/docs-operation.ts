import { type ErrorCode, errorCatalogue } from '../../contract/errors.ts'
import { getOperation } from '../../contract/operations.ts'
import { type Html, html } from '../../lib/html.ts'
import { renderCode, renderDefault, renderSchema, renderText, renderType } from './docs-schema.ts'
import type { Endpoint, Message, Parameter } from './document-parts.ts'

const json = 'application/json'

/** Renders an operation: its parameters, body, samples and responses. */
export function renderEndpoint(endpoint: Endpoint): Html {
  const { operationId, method, path, summary, parameters = [], requestBody, responses } = endpoint
  const body = requestBody?.content?.[json]?.schema
  return html`<article id="${operationId}">
<h3><span class="method">${method}</span> ${renderCode(path)}</h3>
<p>${renderText(summary)}.${getOperation(operationId).auth === 'none' && ' No key is needed.'}</p>
${endpoint['x-codeSamples'].map(
  ({ label, source }, index) =>
    html`<details${index === 0 && html` open`}><summary>${label}</summary><pre><code>${source}</code></pre></details>`,
)}
${parameters.length > 0 && renderParameters(parameters)}
${requestBody && html`<h4>Body${!requestBody.required && ' (optional)'}</h4>`}
${requestBody?.description && html`<p>${renderText(requestBody.description)}</p>`}
${body && renderSchema(body)}
${requestBody && renderExamples('Example', requestBody)}
<h4>Responses</h4>
<table class="rows"><thead><tr><th>Status</th><th>Meaning</th><th>Body</th></tr></thead><tbody>
${Object.entries(responses).map(renderResponse)}
</tbody></table>
${Object.entries(responses).map(([status, response]) => renderExamples(status, response))}
</article>`
}

function renderParameters(parameters: readonly Parameter[]): Html {
  return html`<h4>Parameters</h4><table class="rows">
<thead><tr><th>Name</th><th>In</th><th>Type</th><th>Meaning</th></tr></thead><tbody>
${parameters.map(
  ({ name, in: where, required, description, schema, example }) => html`<tr><td>${renderCode(name)}</td>
<td>${where}${required && ', required'}</td><td>${renderType(schema)}${renderDefault(schema)}</td>
<td>${renderText(description)}${example !== undefined && html` <span class="quiet">Example: ${renderCode(String(example))}</span>`}</td></tr>`,
)}
</tbody></table>`
}

function renderResponse([status, response]: [string, Endpoint['responses'][string]]): Html {
  const codes = errorCodesOf(response)
  const { description, content = {} } = response
  const meaning =
    codes.length === 0
      ? renderText(description)
      : html`${codes.map(
          (code, index) =>
            html`${index > 0 && '. '}<a href="#error-${code}">${renderCode(code)}</a>: ${errorCatalogue[code].title}`,
        )}`
  return html`<tr><td>${status}</td><td>${meaning}</td>
<td>${Object.entries(content).map(([type, { schema }], index) => html`${index > 0 && ' or '}${type === json ? renderType(schema) : renderCode(type)}`)}</td></tr>`
}

/** The codes of a response that is an error and nothing else. */
function errorCodesOf({ content }: Message): ErrorCode[] {
  const names = Object.keys(content?.[json]?.examples ?? {})
  return names.every(name => Object.hasOwn(errorCatalogue, name)) ? (names as ErrorCode[]) : []
}

/** Renders the first JSON example and those in other types; errors have examples of their own. */
function renderExamples(title: string, message: Message): Html {
  return html`${Object.entries(message.content ?? {}).map(([type, { examples, example }]) => {
    const [first] = Object.values(examples ?? {})
    const value = type === json ? first?.value : example
    if (value === undefined) return null
    const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
    return html`<details><summary>${title}: ${type === '*/*' ? 'content' : type}</summary><pre><code>${text}</code></pre></details>`
  })}`
}
