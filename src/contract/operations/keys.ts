import {
  apiKey,
  createKeyRequest,
  listKeysQuery,
  listKeysResponse,
  ofKey,
  patchKeyRequest,
  rotateKeyRequest,
  shownKey,
} from '../keys.ts'
import { defaults, type Operation } from '../operation.ts'

const administration = {
  ...defaults,
  scopes: ['admin'],
  reach: 'tenant',
  tag: 'Keys',
  fault: 'INTERNAL',
} as const

export const keysOperations = {
  createKey: {
    ...administration,
    method: 'post',
    path: '/keys',
    summary: 'Create an API key; it is shown once',
    body: createKeyRequest,
    success: [{ status: 201, description: 'The new key', schema: shownKey }],
    errors: ['TENANT_NOT_ALLOWED', 'GRANT_NOT_ALLOWED', 'KEY_LIMIT_REACHED'],
  },
  listKeys: {
    ...administration,
    method: 'get',
    path: '/keys',
    summary: 'List the stored API keys, oldest first',
    query: listKeysQuery,
    success: [{ status: 200, description: 'One page', schema: listKeysResponse }],
    errors: ['TENANT_NOT_ALLOWED'],
  },
  getKey: {
    ...administration,
    method: 'get',
    path: '/keys/:keyId',
    summary: 'Get one API key, without the key itself',
    params: ofKey,
    success: [{ status: 200, description: 'The key', schema: apiKey }],
    errors: ['KEY_NOT_FOUND'],
  },
  patchKey: {
    ...administration,
    method: 'patch',
    path: '/keys/:keyId',
    summary: 'Change the name, scopes, limits or expiry of an API key',
    params: ofKey,
    body: patchKeyRequest,
    success: [{ status: 200, description: 'The changed key', schema: apiKey }],
    errors: ['KEY_NOT_FOUND', 'KEY_REVOKED', 'GRANT_NOT_ALLOWED', 'LAST_ADMINISTRATOR'],
  },
  rotateKey: {
    ...administration,
    method: 'post',
    path: '/keys/:keyId/rotate',
    summary: 'Replace an API key; the replaced one stays valid for a grace time',
    params: ofKey,
    body: rotateKeyRequest,
    bodyOptional: true,
    success: [{ status: 200, description: 'The new key', schema: shownKey }],
    errors: ['KEY_NOT_FOUND', 'KEY_REVOKED', 'GRANT_NOT_ALLOWED'],
  },
  revokeKey: {
    ...administration,
    method: 'delete',
    path: '/keys/:keyId',
    summary: 'Revoke an API key at once; its open streams end within a second',
    params: ofKey,
    success: [{ status: 204, description: 'It is revoked, now or before' }],
    errors: ['KEY_NOT_FOUND', 'LAST_ADMINISTRATOR'],
  },
} as const satisfies Record<string, Operation>
