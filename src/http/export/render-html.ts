import { createHash } from 'node:crypto'
import { toTimestamp } from '../../contract/primitives.ts'
import type { Session } from '../../contract/sessions.ts'
import { Html, html } from '../../lib/html.ts'
import type { Entry, Part } from './entries.ts'
import { exportStyle } from './export-style.ts'
import { shorten, toShownText } from './shown-text.ts'

const digest = createHash('sha256').update(exportStyle).digest('base64')
const policy = `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`

/** Nothing but the page's own style sheet, wherever it is opened. */
export const exportSecurityPolicy = `${policy}; frame-ancestors 'none'; sandbox`

export function renderHtmlHead(session: Session): string {
  const { sessionId, title, model, createdAt, config } = session
  const name = toShownText(title ?? 'Session')
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${name}</title>
<style>${new Html(exportStyle)}</style>
</head>
<body>
<h1>${name}</h1>
<dl><dt>Session</dt><dd><code>${sessionId}</code></dd><dt>Model</dt><dd><code>${model ?? 'unknown'}</code></dd>
<dt>Working directory</dt><dd><code>${toShownText(config.cwd)}</code></dd><dt>Created</dt><dd>${createdAt}</dd></dl>
<main>
`.toString()
}

export const htmlTail = '</main>\n</body>\n</html>\n'

export function renderHtmlEntry(entry: Entry): string {
  const markup = render(entry)
  return html`${'ofSubagent' in entry && entry.ofSubagent ? html`<div class="subagent"><p class="label">Subagent</p>${markup}</div>` : markup}
`.toString()
}

function render(entry: Entry): Html {
  switch (entry.kind) {
    case 'turn':
      return html`<h2 id="turn-${entry.number}">Turn ${entry.number}</h2><p class="quiet">${toTimestamp(entry.at)}</p>`
    case 'prompt':
      return html`<article class="prompt"><p class="label">${entry.added ? 'Prompt, added meanwhile' : 'Prompt'}</p>${renderParts(entry.parts, renderProse)}</article>`
    case 'text':
      return html`<article class="answer">${renderProse(entry.text)}</article>`
    case 'synthetic':
      return entry.ofSubagent
        ? html`<article class="prompt"><p class="label">Task</p>${renderProse(entry.text)}</article>`
        : html`<details class="tool"><summary>Written by Claude Code</summary>${renderCode(entry.text)}</details>`
    case 'thinking':
      return html`<details class="thinking"><summary>Thinking</summary>${renderCode(entry.text)}</details>`
    case 'toolCall':
      return html`<details class="tool" open><summary>Tool call <code>${entry.name}</code></summary>${renderCode(entry.input)}</details>`
    case 'toolResult':
      return html`<details class="${entry.isError ? 'tool error' : 'tool'}" open><summary>${entry.isError ? 'Error' : 'Result'}${entry.name !== '' && html` of <code>${entry.name}</code>`}</summary>${renderParts(entry.parts, renderCode)}</details>`
    case 'note':
    case 'ending':
      return html`<p class="quiet">${toShownText(entry.text)}</p>`
  }
}

function renderParts(parts: readonly Part[], renderText: (text: string) => Html): Html[] {
  return parts.map(part =>
    part.type === 'text' ? renderText(part.text) : html`<p class="file">${toShownText(part.label)}</p>`,
  )
}

function renderProse(text: string): Html {
  return html`<div class="prose">${toShownText(text)}</div>`
}

function renderCode(text: string): Html {
  const shown = shorten(toShownText(text))
  // A line end right after <pre> would be swallowed.
  return html`<pre>
${shown.text}</pre>${shown.leftOut !== undefined && html`<p class="quiet">… ${shown.leftOut}</p>`}`
}
