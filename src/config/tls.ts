import path from 'node:path'
import { z } from 'zod'

const file = z
  .string()
  .min(1)
  .refine(value => !value.includes('\0'), 'must not contain NUL')

/** The server's own TLS; the library leaves it to the host application. */
export const tlsSchema = z
  .strictObject({
    certFile: file.optional(),
    keyFile: file.optional(),
    hstsMaxAgeMs: z.int().min(0).default(0),
  })
  .superRefine(({ certFile, keyFile }, context) => {
    const missing = certFile === undefined ? 'certFile' : 'keyFile'
    const given = certFile === undefined ? 'keyFile' : 'certFile'
    if ((certFile === undefined) !== (keyFile === undefined)) {
      context.addIssue({
        code: 'custom',
        path: [missing],
        message: `must be set together with tls.${given}`,
      })
    }
  })

export type TlsConfig = z.input<typeof tlsSchema>

export interface ResolvedTls {
  certFile: string
  keyFile: string
  hstsMaxAgeMs: number
}

/** Returns undefined if the server is to speak plain HTTP. */
export function resolveTls(given: z.output<typeof tlsSchema>): ResolvedTls | undefined {
  const { certFile, keyFile, hstsMaxAgeMs } = given
  if (certFile === undefined || keyFile === undefined) return undefined
  return { certFile: path.resolve(certFile), keyFile: path.resolve(keyFile), hstsMaxAgeMs }
}
