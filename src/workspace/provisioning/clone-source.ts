import { pathToFileURL } from 'node:url'
import { invalidField, ServiceError } from '../../contract/errors.ts'

/** The source of a clone. */
export interface CloneSource {
  /** The form that is shown and stored, without secrets. */
  url: string
  /** The URL for git. */
  address: string
  /** The protocol that git may use. */
  protocol: string
  /** Settings for this run, passed in the environment, because all users of the machine can read arguments. */
  environment: Readonly<Record<string, string>>
}

const field = 'workspace.url'
const protocols = new Set(['https:', 'http:', 'ssh:', 'git:'])

/**
 * Parses the source of a clone.
 * @param cloneUrls prefixes of the allowed URLs
 * @param resolveDirectory returns the real path of a local repository; throws if it is outside the allowed roots
 */
export async function parseCloneSource(
  asked: string,
  cloneUrls: readonly string[],
  resolveDirectory: (path: string) => Promise<string>,
): Promise<CloneSource> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  if (asked.startsWith('-') || /[\x00-\x20\x7f\\]/.test(asked)) {
    throw invalidField(field, 'must be a URL or a path')
  }
  if (/^[a-z0-9+.-]+::/i.test(asked)) throw refused()
  if (/^file:\/\//i.test(asked)) return toLocalSource(await resolveDirectory(toFilePath(asked)))
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(asked)) return toRemoteSource(asked, cloneUrls)
  // The short form for ssh: `git@host:path`.
  const [, host, path] = /^([^/:]+):(.+)$/.exec(asked) ?? []
  if (host !== undefined && path !== undefined) {
    return toRemoteSource(`ssh://${host}/${path.replace(/^\//, '')}`, cloneUrls)
  }
  return toLocalSource(await resolveDirectory(asked))
}

function toLocalSource(directory: string): CloneSource {
  // With a URL, git copies only the requested part, and shares no files with the original.
  return { url: directory, address: pathToFileURL(directory).href, protocol: 'file', environment: {} }
}

function toFilePath(asked: string): string {
  try {
    const url = new URL(asked)
    if (url.host === '') return decodeURIComponent(url.pathname)
  } catch {
    // Reported below.
  }
  throw invalidField(field, 'must be a URL or a path')
}

function toRemoteSource(asked: string, cloneUrls: readonly string[]): CloneSource {
  const url = parseUrl(asked)
  if (!protocols.has(url.protocol)) throw refused()
  if (url.search !== '' || url.hash !== '') throw invalidField(field, 'must not have a query or fragment')
  // Encodings that servers might interpret as parent directories.
  if (/%2f|%5c|%00|(\.|%2e){2}/i.test(url.pathname)) throw invalidField(field, 'must be a plain path')
  const { username, password } = url
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:'
  if (!isWeb && password !== '') throw invalidField(field, 'must not have a password')
  url.password = ''
  if (isWeb) url.username = ''
  if (!isAllowed(url, cloneUrls)) throw refused()
  const address = url.href
  const authorization = isWeb && (username !== '' || password !== '')
  return {
    url: address,
    address,
    protocol: url.protocol.slice(0, -1),
    environment: authorization
      ? {
          GIT_CONFIG_COUNT: '1',
          GIT_CONFIG_KEY_0: `http.${url.origin}/.extraHeader`,
          GIT_CONFIG_VALUE_0: `Authorization: Basic ${toBasic(username, password)}`,
        }
      : {},
  }
}

function parseUrl(asked: string): URL {
  try {
    const url = new URL(asked)
    if (url.hostname !== '' && !url.hostname.startsWith('-') && !url.username.startsWith('-')) return url
  } catch {
    // Reported below.
  }
  throw invalidField(field, 'must be a URL or a path')
}

/** Whether the URL begins with an entry; an entry without a path must match the whole host. */
function isAllowed(url: URL, cloneUrls: readonly string[]): boolean {
  const plain = `${url.protocol}//${url.host}${url.pathname}`
  return cloneUrls.some(entry => plain.startsWith(/^[a-z]+:\/\/[^/]+$/.test(entry) ? `${entry}/` : entry))
}

function toBasic(username: string, password: string): string {
  return Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
}

function refused(): ServiceError<'WORKSPACE_NOT_ALLOWED'> {
  return new ServiceError(
    'WORKSPACE_NOT_ALLOWED',
    "Cloning from this URL is not allowed; the server's option cloneUrls lists the allowed URLs",
  )
}
