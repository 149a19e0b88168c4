import type { PermissionResult } from '@anthropic-ai/claude-agent-sdk'

/** The result of `canUseTool`, or a denial that names what is wrong with it. Only a clear allowance allows. */
export function toPermissionResult(result: unknown): PermissionResult {
  const fault = faultOf(result)
  if (fault === undefined) return result as PermissionResult
  return { behavior: 'deny', message: `The canUseTool callback returned an invalid result: ${fault}` }
}

function faultOf(result: unknown): string | undefined {
  if (!isObject(result)) return 'it must be an object with behavior'
  switch (result.behavior) {
    case 'allow':
      return faultOfAllowance(result)
    case 'deny':
      if (typeof result.message !== 'string') return 'message must be a string'
      if (![undefined, true, false].includes(result.interrupt as undefined))
        return 'interrupt must be a boolean'
      return undefined
    default:
      return 'behavior must be "allow" or "deny"'
  }
}

function faultOfAllowance({ updatedInput, updatedPermissions }: Record<string, unknown>): string | undefined {
  if (updatedInput !== undefined && !isObject(updatedInput)) return 'updatedInput must be an object'
  if (updatedPermissions === undefined) return undefined
  const isList = Array.isArray(updatedPermissions) && updatedPermissions.every(isObject)
  return isList ? undefined : 'updatedPermissions must be a list of objects'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
