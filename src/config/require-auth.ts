import { getOperation, type OperationId, operationIds } from '../contract/operations.ts'
import { ConfigError } from '../lib/config-error.ts'

/** All operations except the open ones. */
export function operationsWithKey(): ReadonlySet<OperationId> {
  return new Set(operationIds.filter(id => getOperation(id).auth === 'key'))
}

/**
 * Returns the operations that match the patterns: `POST /sessions/:id/messages`, or a path for all its methods. The
 * names of parameters do not matter.
 *
 * @throws ConfigError for a pattern that matches no operation, because it would protect nothing
 */
export function matchOperations(field: string, patterns: readonly string[]): ReadonlySet<OperationId> {
  return new Set(
    patterns.flatMap((pattern, index) => {
      const [, method, path = ''] = /^(?:([A-Za-z]+)\s+)?(\/\S*)$/.exec(pattern.trim()) ?? []
      const matching = operationIds.filter(id => {
        const operation = getOperation(id)
        return (
          withoutNames(operation.path) === withoutNames(path) &&
          (method === undefined || operation.method === method.toLowerCase())
        )
      })
      if (matching.length === 0)
        throw new ConfigError(`${field}[${index}]`, `"${pattern}" does not match any operation`)
      return matching
    }),
  )
}

function withoutNames(path: string): string {
  return path.replace(/:\w+|\{\w+\}/g, ':')
}
