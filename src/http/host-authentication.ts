import type { Request } from 'express'
import { InvalidCaller, toHostCaller } from '../access/host-callers.ts'
import { ServiceError } from '../contract/errors.ts'
import type { HttpOptions } from './options.ts'
import type { Identity, RequestContext } from './request-context.ts'

type Authenticate = NonNullable<HttpOptions['auth']['authenticate']>

/**
 * Has the host application identify callers. Its failure is never a caller without rights: the request fails.
 *
 * @param addressOf the address by the router's own `trustProxy`
 */
export function createHostAuthentication(
  authenticate: Authenticate,
  { authenticateTimeoutMs, readsHeaderOnly }: HttpOptions['auth'],
  addressOf: (req: Request) => string,
): (req: Request, context: RequestContext) => Promise<Identity> {
  return async (req, context) => {
    try {
      const result = await within(authenticateTimeoutMs, async () =>
        authenticate(withAddress(req, addressOf(req))),
      )
      if (result === undefined) return { kind: 'no_key' }
      const onFault = (problem: string) => context.log.error({ problem }, 'caller of the host application')
      return { kind: 'known', provenByHeader: readsHeaderOnly, ...toHostCaller(result, onFault) }
    } catch (error) {
      if (error instanceof InvalidCaller) {
        context.log.error({ problem: error.message }, 'authenticate returned an invalid caller')
      } else context.log.error({ err: error }, 'authenticate failed')
      const message = "The caller could not be identified; see the server's log for this request id"
      return { kind: 'undecided', error: new ServiceError('INTERNAL', message) }
    }
  }
}

/** The request itself if its address is the same, so that the host application can compare it. */
export function withAddress(req: Request, ip: string): Request {
  return req.ip === ip ? req : Object.create(req, { ip: { value: ip } })
}

async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}
