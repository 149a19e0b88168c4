import { extname } from 'node:path'

export interface ContentType {
  contentType: string
  /** Whether a browser may run the content, so that it must not be opened on the API's origin. */
  isActive: boolean
}

/**
 * Types that a browser shows without running anything. Scripts and style sheets are plain text: with their own type,
 * another page of this origin could load them as its own.
 */
const passive: Record<string, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/bmp': 'bmp',
  'image/x-icon': 'ico',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'audio/wav': 'wav',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'application/json': 'json map webmanifest',
  'text/csv; charset=utf-8': 'csv',
  'text/markdown; charset=utf-8': 'md markdown',
  'text/plain; charset=utf-8':
    'txt text log conf cfg ini toml yaml yml env lock properties diff patch jsonl ndjson json5 tsv rst adoc tex ' +
    'css js mjs cjs xsl xslt ts mts cts tsx jsx vue svelte astro scss sass less py pyi rb rs go java kt kts scala groovy gradle c h cc ' +
    'cpp cxx hh hpp cs fs swift m mm zig nim lua pl pm r jl hs elm ex exs erl clj cljs dart sol sh bash zsh fish ' +
    'ps1 bat cmd sql graphql gql proto tf hcl nix cmake mk dockerfile gitignore gitattributes editorconfig npmrc ' +
    'nvmrc prettierrc eslintrc dockerignore',
}

const active: Record<string, string> = {
  'text/html; charset=utf-8': 'html htm',
  'application/xhtml+xml': 'xhtml xht',
  'image/svg+xml': 'svg',
  'application/xml': 'xml rss atom',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'application/gzip': 'gz tgz',
  'application/x-tar': 'tar',
  'font/woff2': 'woff2',
  'font/woff': 'woff',
  'font/ttf': 'ttf',
}

/** Well-known names of texts without an extension. */
const textNames =
  /^(makefile|dockerfile|containerfile|license|licence|readme|changelog|authors|notice|procfile|gemfile|rakefile|justfile|vagrantfile|codeowners|todo)$/

const byExtension = new Map<string, ContentType>([...toEntries(passive, false), ...toEntries(active, true)])
const plainText = byExtension.get('txt')
/** The type of unknown files and of programs, which are offered for saving, because a browser that guesses could run them. */
const unknown: ContentType = { contentType: 'application/octet-stream', isActive: true }

/**
 * Returns the type by the name only. The table is short, because the type is only a hint for readers. It lists
 * harmless types rather than dangerous ones, so unknown types count as content that a browser could run.
 */
export function toContentType(name: string): ContentType {
  const lower = name.toLowerCase()
  // A name that is only an extension: `.gitignore`.
  const extension = (extname(lower) || (lower.startsWith('.') ? lower : '')).slice(1)
  return byExtension.get(extension) ?? (textNames.test(lower) && plainText ? plainText : unknown)
}

function toEntries(table: Record<string, string>, isActive: boolean): [string, ContentType][] {
  return Object.entries(table).flatMap(([contentType, extensions]) =>
    extensions.split(' ').map((extension): [string, ContentType] => [extension, { contentType, isActive }]),
  )
}
