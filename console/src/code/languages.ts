/** The languages that are highlighted. */
const languages: ReadonlySet<string> = new Set([
  'bash',
  'c',
  'csharp',
  'css',
  'diff',
  'dockerfile',
  'go',
  'graphql',
  'html',
  'ini',
  'java',
  'javascript',
  'json',
  'jsx',
  'kotlin',
  'make',
  'markdown',
  'php',
  'python',
  'rust',
  'sql',
  'swift',
  'toml',
  'tsx',
  'typescript',
  'xml',
  'yaml',
])

/** Other names: what models write behind a fence, and the extensions of files. */
const aliases: Readonly<Record<string, string>> = {
  'c++': 'c',
  'c#': 'csharp',
  bat: 'bash',
  cc: 'c',
  cjs: 'javascript',
  conf: 'ini',
  console: 'bash',
  cs: 'csharp',
  cts: 'typescript',
  cpp: 'c',
  cxx: 'c',
  docker: 'dockerfile',
  env: 'ini',
  gql: 'graphql',
  h: 'c',
  hpp: 'c',
  htm: 'html',
  js: 'javascript',
  json5: 'json',
  jsonc: 'json',
  jsonl: 'json',
  kt: 'kotlin',
  kts: 'kotlin',
  makefile: 'make',
  md: 'markdown',
  mjs: 'javascript',
  mk: 'make',
  mts: 'typescript',
  patch: 'diff',
  properties: 'ini',
  py: 'python',
  rs: 'rust',
  sh: 'bash',
  shell: 'bash',
  shellscript: 'bash',
  svg: 'xml',
  ts: 'typescript',
  vue: 'html',
  yml: 'yaml',
  zsh: 'bash',
}

/** @returns the language of a name such as `ts`; null: it is not highlighted */
export function findLanguage(name: string | null | undefined): string | null {
  const key = (name ?? '').toLowerCase()
  const language = Object.hasOwn(aliases, key) ? aliases[key] : key
  return language !== undefined && languages.has(language) ? language : null
}

/** @returns the language of a file; null: it is not highlighted */
export function languageOfPath(path: string): string | null {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  return findLanguage(name) ?? findLanguage(name.slice(name.lastIndexOf('.') + 1))
}
