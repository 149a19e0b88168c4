import { randomBytes } from 'node:crypto'
import { Html, html } from '../../lib/html.ts'

/** Turns off all that would leave the API's origin: fonts, telemetry, the proxy, and the services of Scalar. */
const configuration = {
  withDefaultFonts: false,
  telemetry: false,
  proxyUrl: '',
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  persistAuth: false,
}

/**
 * Renders the page that shows the OpenAPI document with forms to try each operation.
 *
 * @param root the relative path from the page to the root of the API
 */
export function renderReference(root: string): { html: string; contentSecurityPolicy: string } {
  const nonce = randomBytes(16).toString('base64')
  const start = `Scalar.createApiReference('#reference', ${JSON.stringify({ url: `${root}openapi.json`, ...configuration })})`
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>claude-code-api: reference</title>
<link rel="icon" href="data:,">
</head>
<body>
<noscript>This page needs scripts. <a href="${root}docs">The documentation</a> has the same content without them.</noscript>
<div id="reference"></div>
<script nonce="${nonce}" src="${root}reference/scalar.js"></script>
<script nonce="${nonce}">${new Html(start)}</script>
</body>
</html>
`.toString()
  return { html: page, contentSecurityPolicy: toPolicy(nonce) }
}

/**
 * Allows the two scripts of the page, and requests to the API's origin only. Not `'self'` for scripts, because the API
 * serves files that Claude has written. Styles must be allowed inline: Scalar inserts its style sheet as an element.
 */
function toPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    "style-src 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
