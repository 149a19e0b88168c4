import { existsSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { root } from './pages.ts'

/** Where a link in a Markdown file leads: a file of the repository, and a heading in it. */
export interface Target {
  file: string
  anchor: string | undefined
}

/**
 * Resolves a link.
 * @param from the file with the link, by its path in the repository
 * @returns undefined for addresses elsewhere
 * @throws Error if there is no such file
 */
export function resolveLink(from: string, href: string): Target | undefined {
  if (/^[a-z][a-z\d+.-]*:|^\/\//i.test(href)) return undefined
  const [path = '', anchor] = href.split('#')
  const file = path === '' ? from : normalize(join(dirname(from), decodeURI(path)))
  if (path.startsWith('/') || file.startsWith('..')) throw new Error(`${from}: ${href} leaves the repository`)
  // A site has no page for a directory.
  if (!existsSync(join(root, file)) || !statSync(join(root, file)).isFile()) {
    throw new Error(`${from}: ${href} is not a file`)
  }
  return { file, anchor }
}

/** The anchor of a heading, as GitHub makes it. */
export function slugify(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-')
}
