import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { parseTags, toEtag } from '../etag.ts'
import type { FileAnswer } from '../handler.ts'

/** The build copies the bundle beside this file; the source runs with the installed package. */
const places = ['./scalar.js', '../../../node_modules/@scalar/api-reference/dist/browser/standalone.js']

interface Script {
  plain: Buffer
  zipped: Buffer
  tag: string
}

let loaded: Promise<Script> | undefined

/** Responds with the bundle of `@scalar/api-reference`, which is read and compressed once. */
export async function sendReferenceScript(headers: {
  'Accept-Encoding'?: string | undefined
  'If-None-Match'?: string | undefined
}): Promise<FileAnswer> {
  loaded ??= load().catch(error => {
    loaded = undefined
    throw error
  })
  const { plain, zipped, tag } = await loaded
  const caching = { ETag: toEtag(tag), 'Cache-Control': 'private, no-cache', Vary: 'Accept-Encoding' }
  const known = parseTags(headers['If-None-Match'], 'weak count')
  if (known === '*' || known?.includes(tag)) return { file: { status: 304, headers: caching, content: null } }
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:\s|,|$))/i.test(headers['Accept-Encoding'] ?? '')
  const content = takesGzip ? zipped : plain
  return {
    file: {
      status: 200,
      headers: {
        ...caching,
        'Content-Type': 'text/javascript; charset=utf-8',
        'Content-Length': String(content.length),
        ...(takesGzip && { 'Content-Encoding': 'gzip' }),
      },
      content,
    },
  }
}

async function load(): Promise<Script> {
  const plain = await readFirst(places)
  const tag = createHash('sha256').update(plain).digest('base64url')
  return { plain, zipped: await promisify(gzip)(plain), tag }
}

async function readFirst([place, ...others]: readonly string[]): Promise<Buffer> {
  if (place === undefined) throw new Error('the bundle of @scalar/api-reference is missing from the package')
  return readFile(new URL(place, import.meta.url)).catch(error => {
    if (error.code === 'ENOENT') return readFirst(others)
    throw error
  })
}
