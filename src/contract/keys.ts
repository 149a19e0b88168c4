import { z } from 'zod'
import { callerLimits } from './caller-limits.ts'
import {
  createdBy,
  idParameter,
  pathId,
  tenantName,
  tenantParameter,
  timestamp,
  toBeSeen,
} from './primitives.ts'
import { scope } from './scopes.ts'
import { pageParameters, pagination } from './turns.ts'

/** The most keys of a tenant that are not revoked. */
export const maxKeys = 1_000
/** How long a replaced key stays valid unless the caller says otherwise. */
export const defaultGraceMs = 86_400_000

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u, 'must not contain control characters')
  .refine(...toBeSeen)
  .meta({ description: 'A name for people, as the audit log shows it' })
const grantedScopes = z
  .array(scope)
  .min(1)
  .transform(list => [...new Set(list)])
  .pipe(z.array(scope))
const expiresAt = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2026-03-01T00:00:00Z, or null' })
  .nullable()
  .meta({ description: 'When it stops being valid (ISO 8601); null: never' })

export const createKeyRequest = z
  .strictObject({
    name,
    scopes: grantedScopes.meta({ description: 'At most those of the caller' }),
    tenant: tenantName.optional().meta({
      description: "Default: the caller's; only keys of the configuration may name another one",
    }),
    sessionId: idParameter.optional().meta({
      description:
        'The only session that the key opens, for a page or a bot. Not together with the scope `admin`',
    }),
    limits: callerLimits.optional().meta({ description: "Default: the caller's, which it cannot exceed" }),
    expiresAt: expiresAt.optional().meta({
      description:
        "When it stops being valid (ISO 8601); null or left out: with the caller's key, else never",
    }),
  })
  .meta({ id: 'CreateKeyRequest' })

export const patchKeyRequest = z
  .strictObject({
    name: name.optional(),
    scopes: grantedScopes.optional().meta({ description: 'At most those of the caller' }),
    limits: callerLimits.nullable().optional().meta({ description: 'Replaces all limits; null: none' }),
    expiresAt: expiresAt.optional(),
  })
  .meta({ id: 'PatchKeyRequest' })

export const rotateKeyRequest = z
  .strictObject({
    graceMs: z
      .int()
      .min(0)
      .max(30 * 86_400_000)
      .default(defaultGraceMs)
      .meta({ description: 'How long the replaced key stays valid, in milliseconds; 0: not at all' }),
  })
  .meta({ id: 'RotateKeyRequest' })

const keyFields = {
  keyId: z.string().meta({ description: 'The part of the key that is public: `createdBy` and logs have it' }),
  prefix: z.string().meta({ description: 'The beginning of the key, to recognize it by' }),
  name,
  tenant: tenantName.meta({ description: 'The tenant that the key belongs to' }),
  scopes: z.array(scope).meta({ description: 'What the key allows' }),
  sessionId: z
    .string()
    .nullable()
    .meta({ description: 'The only session that it opens; null: all of the tenant' }),
  limits: callerLimits.meta({ description: 'The limits of this key; those of its tenant apply as well' }),
  status: z
    .enum(['active', 'expired', 'revoked'])
    .meta({ description: '`expired`: `expiresAt` has come; `revoked`: it was deleted' }),
  createdAt: timestamp,
  createdBy,
  expiresAt: timestamp.nullable().meta({ description: 'When it stops being valid; null: never' }),
  revokedAt: timestamp.nullable().meta({ description: 'When it was revoked; null: it was not' }),
  lastUsedAt: timestamp.nullable().meta({
    description: 'When it was last used, to about a minute; null: never',
  }),
  previousValidUntil: timestamp.nullable().meta({
    description: 'Until when the key that was replaced last stays valid; null: it is not valid',
  }),
}
export const apiKey = z.strictObject(keyFields).meta({ id: 'ApiKey' })

export const shownKey = z
  .strictObject({
    ...keyFields,
    key: z.string().meta({
      description:
        'The key itself, shown only here: `ccak_`, 12 characters of `keyId`, `_`, and 46 letters and digits of which the last six are a checksum',
    }),
  })
  .meta({ id: 'ShownKey' })

export const listKeysQuery = z.strictObject({
  tenant: tenantParameter,
  status: z
    .enum(['active', 'all'])
    .default('active')
    .meta({ description: 'Only keys that are valid, or all' }),
  ...pageParameters(200, 50),
})
export const listKeysResponse = z
  .strictObject({ keys: z.array(apiKey).meta({ description: 'One page, oldest first' }), pagination })
  .meta({ id: 'ListKeysResponse' })

export const ofKey = z.strictObject({
  keyId: pathId.meta({ format: undefined, description: 'Id of the key' }),
})

export type ApiKey = z.infer<typeof apiKey>
export type ShownKey = z.infer<typeof shownKey>
export type CreateKeyRequest = z.input<typeof createKeyRequest>
