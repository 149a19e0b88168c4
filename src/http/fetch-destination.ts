import type { Request } from 'express'
import { ServiceError } from '../contract/errors.ts'

/**
 * Values of `Sec-Fetch-Dest` for a response that a page reads, shows or plays. Not scripts, style sheets, workers and
 * frames: the API serves files that Claude has written. Programs and some browsers send none.
 */
const harmless: readonly unknown[] = [undefined, 'empty', 'document', 'image', 'audio', 'video', 'websocket']

/**
 * Refuses a request by which a page would run or embed the response. To be called for callers whom no header has
 * proven: a browser sends what identifies them with every request of every page of this origin.
 *
 * @param own another destination that the operation is made for
 * @throws ServiceError ORIGIN_NOT_ALLOWED
 */
export function refuseToRun(req: Request, own?: string): void {
  const destination = req.headers['sec-fetch-dest']
  if (harmless.includes(destination) || destination === own) return
  throw new ServiceError(
    'ORIGIN_NOT_ALLOWED',
    'Without an API key in a header, a page cannot load this as a script, style sheet, worker or frame; fetch it instead',
    { option: 'cors.origins' },
  )
}
