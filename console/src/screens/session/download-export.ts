import type { Operations } from '../../../../src/client/index.ts'
import { client } from '../../api/connection.ts'

type Format = NonNullable<NonNullable<Operations['exportSession']['query']>['format']>

const extensions: Record<Format, string> = { markdown: 'md', html: 'html', json: 'json', jsonl: 'jsonl' }

/** Hands the conversation to the browser as a file. It is never opened in the page. */
export async function downloadExport(sessionId: string, format: Format): Promise<void> {
  const response = await client.call('exportSession', { params: { sessionId }, query: { format } })
  const url = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = url
  link.download = `session-${sessionId.slice(0, 8)}.${extensions[format]}`
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
