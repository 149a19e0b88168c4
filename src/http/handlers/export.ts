import { toExportFile } from '../export/export-file.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { toSession } from '../wire.ts'

export function exportHandlers(deps: HttpDeps): Pick<Handlers, 'exportSession'> {
  return {
    async exportSession({ caller, params: { sessionId }, query }) {
      const view = await deps.service.get(caller, sessionId)
      const recording = await deps.service.exports.record(caller, sessionId)
      return toExportFile(toSession(view), recording, query.format)
    },
  }
}
