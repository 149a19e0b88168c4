/** The server cannot listen where it was told to; the message says what to change. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/**
 * Returns the error in words for the server's owner; an error of another kind as it is.
 *
 * @param names the names by which the owner sets the address
 */
export function toListenError(
  error: unknown,
  host: string,
  port: number,
  names = { host: '--host', port: '--port' },
): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) return error
  const problems: Record<string, string> = {
    EADDRINUSE: `port ${port} is in use; choose another with ${names.port}`,
    EACCES: `port ${port} needs rights that this user does not have; choose another with ${names.port}`,
    EADDRNOTAVAIL: `${host} is not an address of this machine; choose another with ${names.host}`,
    ENOTFOUND: `${host} is not a known host; choose another with ${names.host}`,
  }
  const problem =
    problems[code] ??
    `cannot listen on ${host}, port ${port} (${code}); choose others with ${names.host} and ${names.port}`
  return new ListenError(problem, { cause: error })
}
