import { invalidField, ServiceError } from '../../contract/errors.ts'

export function noSuchFile(path: string): ServiceError<'FILE_NOT_FOUND'> {
  const message = path === '' ? "The session's directory is gone" : `There is no ${JSON.stringify(path)}`
  return new ServiceError('FILE_NOT_FOUND', message)
}

export function notAllowed(path: string): ServiceError<'PATH_NOT_ALLOWED'> {
  return new ServiceError(
    'PATH_NOT_ALLOWED',
    `${JSON.stringify(path)} leads out of the session's directories, or must not be touched`,
  )
}

export function isFsError(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '')
}

/** What the file system says of a path that somebody asked for, in the words of the API; anything else is a fault. */
export function toFileError(error: unknown, path: string): unknown {
  // All but ENOENT: it was replaced between the look and the use.
  if (isFsError(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL')) return noSuchFile(path)
  if (isFsError(error, 'EACCES', 'EPERM', 'EROFS')) return notAllowed(path)
  if (isFsError(error, 'ENAMETOOLONG')) return invalidField('path', 'is too long for the file system')
  if (isFsError(error, 'EISDIR')) return invalidField('path', 'is a directory')
  return error
}
