import { getOperation, type OperationId, operationIds } from '../contract/operations.ts'
import { ConfigError } from '../lib/config-error.ts'

/** Every operation but those that are open to everyone. */
export function operationsWithKey(): ReadonlySet<OperationId> {
  return new Set(operationIds.filter(id => getOperation(id).auth === 'key'))
}

/**
 * The operations that the patterns name: `POST /sessions/:id/messages`, or a path for all its methods. What the
 * parameters are called does not matter.
 *
 * @throws ConfigError for a pattern that names no operation, since it would protect nothing
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
        throw new ConfigError(`${field}[${index}]`, `"${pattern}" names no operation`)
      return matching
    }),
  )
}

function withoutNames(path: string): string {
  return path.replace(/:\w+|\{\w+\}/g, ':')
}
