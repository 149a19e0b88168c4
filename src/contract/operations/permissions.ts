import { defaults, type Operation, ofSession } from '../operation.ts'
import {
  answerPermissionRequest,
  listAllPermissionsQuery,
  listPermissionsQuery,
  listPermissionsResponse,
  permissionRequest,
} from '../permissions.ts'
import { pathId } from '../primitives.ts'

const ofPermission = ofSession.extend({
  permissionId: pathId.meta({ description: 'Id of the permission request' }),
})

export const permissionsOperations = {
  listAllPermissions: {
    ...defaults,
    method: 'get',
    path: '/permissions',
    scopes: ['permissions:answer', 'sessions:read'],
    tag: 'Permissions',
    summary: 'List the permission requests of all sessions, oldest first',
    query: listAllPermissionsQuery,
    success: [{ status: 200, description: 'One page', schema: listPermissionsResponse }],
    errors: ['TENANT_NOT_ALLOWED'],
    audit: { action: 'permission.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
  listPermissions: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/permissions',
    scopes: ['permissions:answer', 'sessions:read'],
    tag: 'Permissions',
    summary: 'List the permission requests of a session, oldest first',
    params: ofSession,
    query: listPermissionsQuery,
    success: [{ status: 200, description: 'One page', schema: listPermissionsResponse }],
    errors: ['SESSION_NOT_FOUND'],
    audit: { action: 'permission.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
  getPermission: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/permissions/:permissionId',
    scopes: ['permissions:answer', 'sessions:read'],
    tag: 'Permissions',
    summary: 'Get one permission request',
    params: ofPermission,
    success: [{ status: 200, description: 'The request', schema: permissionRequest }],
    errors: ['SESSION_NOT_FOUND', 'PERMISSION_REQUEST_NOT_FOUND'],
    audit: { action: 'permission.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
  answerPermission: {
    ...defaults,
    method: 'post',
    path: '/sessions/:sessionId/permissions/:permissionId',
    needs: 'owner',
    scopes: ['permissions:answer'],
    tag: 'Permissions',
    summary: 'Answer a permission request, once',
    params: ofPermission,
    body: answerPermissionRequest,
    success: [{ status: 200, description: 'The resolved request', schema: permissionRequest }],
    errors: [
      'SESSION_NOT_FOUND',
      'PERMISSION_REQUEST_NOT_FOUND',
      'PERMISSION_ALREADY_RESOLVED',
      'PERMISSION_MODE_NOT_ALLOWED',
      'CWD_NOT_ALLOWED',
    ],
    audit: {
      action: 'permission.answer',
      when: 'change',
      fields: ['permissionId', 'decision', 'remember', 'permissionMode'],
    },
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>
