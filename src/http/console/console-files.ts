import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Request, RequestHandler, Response } from 'express'
import { html } from '../../lib/html.ts'
import { parseTags, toEtag } from '../etag.ts'
import type { Forwarding } from '../forwarding.ts'
import { serveStaticFiles } from './static-files.ts'

/** Where the build puts the console; the same from `src/` and from `dist/`. */
const builtConsole = fileURLToPath(new URL('../../../dist/console/', import.meta.url))

/** Nothing is loaded from elsewhere, nothing inline runs, and no page can hold this one in a frame. */
export const consoleSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * Serves the console's files. Its pages have real paths, so each path that a browser opens gets the same page.
 *
 * @param directory the build; undefined: that of the package
 */
export function serveConsoleFiles(forwarding: Forwarding, directory = builtConsole): RequestHandler[] {
  const sendPage = async (req: Request, res: Response) => {
    const page = await readPage(`${directory}/index.html`)
    if (page === undefined) return sendMissing(res)
    const text = toMounted(page, forwarding.mountOf(req))
    const tag = hash('sha256', text, 'base64url')
    res.setHeader('ETag', toEtag(tag))
    res.setHeader('Cache-Control', 'no-cache')
    const known = parseTags(req.headers['if-none-match'], 'weak count')
    res.statusCode = known === '*' || known?.includes(tag) ? 304 : 200
    if (res.statusCode === 304) return void res.end()
    res.setHeader('Content-Type', 'text/html; charset=utf-8')
    res.setHeader('Content-Length', Buffer.byteLength(text))
    res.end(req.method === 'HEAD' ? undefined : text)
  }
  const files = serveStaticFiles(directory)
  return [
    secure,
    (req, res, next) => {
      if (!isRead(req)) return next()
      if (!hasSlash(req)) return redirect(req, res)
      // The file itself has paths that are right only at the root of the console.
      return isPage(req.path) ? sendPage(req, res) : next()
    },
    (req, res, next) => (isRead(req) ? files(req, res, next) : next()),
    (req, res, next) => (isRead(req) && isNavigation(req) ? sendPage(req, res) : next()),
  ]
}

const secure: RequestHandler = (_req, res, next) => {
  res.setHeader('Content-Security-Policy', consoleSecurityPolicy)
  res.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
  res.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.setHeader('Referrer-Policy', 'no-referrer')
  next()
}

function isRead({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD'
}

function isPage(path: string): boolean {
  return path === '/' || path === '/index.html'
}

/** Whether a browser opens the path as a page. A missing script must not be answered with one. */
function isNavigation({ path, headers }: Request): boolean {
  return !path.startsWith('/assets/') && /\btext\/html\b/.test(headers.accept ?? '')
}

/** Express shows the path of the mount as `/`, with a slash at the end or without. */
function hasSlash({ baseUrl, path, originalUrl }: Request): boolean {
  return baseUrl === '' || path !== '/' || (originalUrl.split('?', 1)[0] ?? '').endsWith('/')
}

/** Relative, so that it is right behind any proxy. */
function redirect({ baseUrl, originalUrl }: Request, res: Response): void {
  const [, query = ''] = /(\?.*)$/.exec(originalUrl) ?? []
  res.setHeader('Cache-Control', 'no-cache')
  res.setHeader('Location', `./${baseUrl.slice(baseUrl.lastIndexOf('/') + 1)}/${query}`)
  res.statusCode = 308
  res.end()
}

async function readPage(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/** Makes the relative addresses of the built page absolute: it is served at paths of any depth. */
function toMounted(page: string, mount: string): string {
  const start = html`${mount}`.toString()
  return page.replaceAll(/\b(src|href|content)="\.\//g, (_, name) => `${name}="${start}/`)
}

function sendMissing(res: Response): void {
  const text = 'The console has not been built. Run: npm run build\n'
  res.statusCode = 503
  res.setHeader('Content-Type', 'text/plain; charset=utf-8')
  res.setHeader('Content-Length', Buffer.byteLength(text))
  res.setHeader('Cache-Control', 'no-store')
  res.end(text)
}
