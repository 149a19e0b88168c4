import type { OperationId } from '../operations.ts'
import { python, toLiteral, typescript } from './literals.ts'
import { type SampleRequest, toSampleRequest, variableOf } from './sample-request.ts'

/** A program that sends one request, as in the extension `x-codeSamples` of OpenAPI. */
export interface CodeSample {
  lang: 'Shell' | 'TypeScript' | 'Python'
  label: 'curl' | 'TypeScript' | 'Python'
  source: string
}

/** The samples of an operation, made from its entry in the table and its first example. */
export function toCodeSamples(id: OperationId): CodeSample[] {
  const request = toSampleRequest(id)
  return [
    { lang: 'Shell', label: 'curl', source: toCurl(request) },
    { lang: 'TypeScript', label: 'TypeScript', source: toTypeScript(request) },
    { lang: 'Python', label: 'Python', source: toPython(request) },
  ]
}

function toCurl({ method, path, needsKey, contentType, json, upload, output, file }: SampleRequest): string {
  const lines = [
    `curl -sS --fail-with-body${output === 'stream' ? ' -N' : ''}${method === 'GET' ? '' : ` -X ${method}`} "$API${path}"`,
    needsKey && '-H "Authorization: Bearer $KEY"',
    contentType && `-H 'Content-Type: ${contentType}'`,
    json !== undefined && `-d ${toShellText(JSON.stringify(json))}`,
    upload !== undefined && `--data-binary ${toShellText(upload)}`,
    file !== undefined && `-o ${file}`,
  ]
  return lines.filter(line => line !== undefined && line !== false).join(' \\\n  ')
}

/** Quotes a text for a shell; ids of the examples become variables. */
function toShellText(text: string): string {
  const quoted = `'${text.replaceAll("'", String.raw`'\''`)}'`
  return quoted.replace(/"([^"]+)"/g, (whole, id) => {
    const variable = variableOf(id)
    return variable === undefined ? whole : `"'"$${variable}"'"`
  })
}

function toTypeScript(request: SampleRequest): string {
  const { method, path, needsKey, contentType, json, upload, output, file } = request
  const headers = [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the sample has a template, this text has not
    needsKey && 'Authorization: `Bearer ${KEY}`',
    contentType && `'Content-Type': '${contentType}'`,
  ].filter(Boolean)
  const init = [
    method !== 'GET' && `method: '${method}',`,
    headers.length > 0 && `headers: { ${headers.join(', ')} },`,
    json !== undefined && `body: JSON.stringify(${toLiteral(json, typescript, 1)}),`,
    upload !== undefined && `body: ${toLiteral(upload, typescript)},`,
  ].filter(Boolean)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the replacement puts a template into the sample
  const url = `\`\${API}${path.replace(/\$([A-Z]+)/g, '${$1}')}\``
  const show = {
    json: 'console.log(await response.json())',
    text: 'console.log(await response.text())',
    status: 'console.log(response.status)',
    file: `await writeFile('${file}', Buffer.from(await response.arrayBuffer()))`,
    stream: 'for await (const text of response.body.pipeThrough(new TextDecoderStream())) stdout.write(text)',
  }[output]
  return [
    ...(output === 'file' ? ["import { writeFile } from 'node:fs/promises'"] : []),
    `import { env${output === 'stream' ? ', stdout' : ''} } from 'node:process'`,
    '',
    `const { ${request.variables.join(', ')} } = env`,
    init.length > 0
      ? `const response = await fetch(${url}, {\n${init.map(line => `  ${line}`).join('\n')}\n})`
      : `const response = await fetch(${url})`,
    `if (!response.ok${output === 'stream' ? ' || !response.body' : ''}) throw new Error(await response.text())`,
    show,
  ].join('\n')
}

function toPython(request: SampleRequest): string {
  const { method, path, needsKey, contentType, json, upload, output, file } = request
  const headers = [
    needsKey && '"Authorization": f"Bearer {KEY}"',
    contentType && `"Content-Type": "${contentType}"`,
  ].filter(Boolean)
  const options = [
    method !== 'GET' && `method="${method}",`,
    headers.length > 0 && `headers={${headers.join(', ')}},`,
    json !== undefined && `data=json.dumps(${toLiteral(json, python, 1)}).encode(),`,
    upload !== undefined && `data=${toLiteral(upload, python)}.encode(),`,
  ].filter(Boolean)
  const usesJson = json !== undefined || output === 'json'
  const show = {
    json: ['print(json.load(response))'],
    text: ['print(response.read().decode())'],
    status: ['print(response.status)'],
    file: [`with open("${file}", "wb") as file:`, '    file.write(response.read())'],
    stream: ['for line in response:', '    print(line.decode(), end="")'],
  }[output]
  return [
    ...(usesJson ? ['import json'] : []),
    'import os',
    'import urllib.request',
    '',
    ...request.variables.map(name => `${name} = os.environ["${name}"]`),
    'request = urllib.request.Request(',
    `    f"{API}${path.replace(/\$([A-Z]+)/g, '{$1}')}",`,
    ...options.map(line => `    ${line}`),
    ')',
    'with urllib.request.urlopen(request) as response:',
    ...show.map(line => `    ${line}`),
  ].join('\n')
}
