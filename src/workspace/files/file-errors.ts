import { invalidField, ServiceError } from '../../contract/errors.ts'

export function noSuchFile(path: string): ServiceError<'FILE_NOT_FOUND'> {
  const message =
    path === '' ? "The session's directory no longer exists" : `No such file: ${JSON.stringify(path)}`
  return new ServiceError('FILE_NOT_FOUND', message)
}

export function notAllowed(path: string): ServiceError<'PATH_NOT_ALLOWED'> {
  return new ServiceError(
    'PATH_NOT_ALLOWED',
    `${JSON.stringify(path)} is outside the session's directories, or protected`,
  )
}

export function isFsError(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '')
}

/** Converts file system errors about a requested path to the API's errors; other errors are faults. */
export function toFileError(error: unknown, path: string): unknown {
  // All except ENOENT mean that the file was replaced between check and use.
  if (isFsError(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL')) return noSuchFile(path)
  if (isFsError(error, 'EACCES', 'EPERM', 'EROFS')) return notAllowed(path)
  if (isFsError(error, 'ENAMETOOLONG'))
    return invalidField('path', 'must be shorter: it is too long for the file system')
  if (isFsError(error, 'EISDIR')) return invalidField('path', 'must not be a directory')
  return error
}
