import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'

export function diffHandlers(deps: HttpDeps): Pick<Handlers, 'getDiff'> {
  return {
    async getDiff({ caller, params: { sessionId }, query }) {
      const { since, format, path } = query
      const { files, text, ...found } = await deps.service.diffs.compare(caller, sessionId, { since, path })
      if (format === 'files') {
        const sum = (lines: 'insertions' | 'deletions') =>
          files.reduce((total, file) => total + (file[lines] ?? 0), 0)
        const figures = { insertions: sum('insertions'), deletions: sum('deletions') }
        return { status: 200, body: { sessionId, since, ...found, files, ...figures } }
      }
      const headers = {
        'Content-Type': 'text/x-diff; charset=utf-8',
        'Content-Length': String(text.length),
        'X-Diff-Source': found.source,
        ...(found.reason && { 'X-Diff-Reason': found.reason }),
        ...(found.truncated && { 'X-Diff-Truncated': 'true' }),
      }
      return { file: { status: 200, headers, content: text } }
    },
  }
}
