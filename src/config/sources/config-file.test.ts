import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findConfigFile, readConfigFile, refuseReachableFile } from './config-file.ts'

let home: string
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'claude-code-api-config-')))
})
afterEach(() => rmSync(home, { recursive: true }))

function put(name: string, text: string, mode = 0o600): string {
  const file = join(home, name)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}

describe('the place of the file', () => {
  test('a flag counts before the variable, the variable before the standard place', () => {
    const standard = put('.config/claude-code-api/config.yaml', '')
    const env = { HOME: home, CLAUDE_CODE_API_CONFIG: '/of/variable.json' }
    expect(findConfigFile('/of/flag.json', env)).toBe('/of/flag.json')
    expect(findConfigFile(undefined, env)).toBe('/of/variable.json')
    expect(findConfigFile(undefined, { HOME: home, CLAUDE_CODE_API_CONFIG: '' })).toBe(standard)
    expect(findConfigFile(undefined, { HOME: '/nowhere', XDG_CONFIG_HOME: join(home, '.config') })).toBe(
      standard,
    )
    expect(findConfigFile(undefined, { HOME: '/nowhere', XDG_CONFIG_HOME: '.' })).toBeUndefined()
  })

  test('two files at the standard place are refused', () => {
    put('.config/claude-code-api/config.yaml', '')
    put('.config/claude-code-api/config.json', '{}')
    expect(() => findConfigFile(undefined, { HOME: home })).toThrow(/config\.json and .*keep one/)
  })
})

describe('the content of the file', () => {
  test.each([
    ['a.json', '{"$schema": "x", "maxSessions": 5}', { maxSessions: 5 }],
    [
      'a.yaml',
      '# none\nmaxSessions: 5\nauth: { apiKeys: [a, b] }\n',
      { maxSessions: 5, auth: { apiKeys: ['a', 'b'] } },
    ],
    ['empty.yml', '', {}],
  ])('%s', (name, text, content) => {
    expect(readConfigFile(put(name, text)).content).toEqual(content)
  })

  test.each([
    ['unknown.json', '{"maxSession": 5}', /^maxSession in .*unknown\.json: is not an option$/],
    ['nested.yaml', 'limits:\n  streams: many\n', /^limits\.streams in .*nested\.yaml: /],
    ['logger.yaml', 'logger: {}\n', /^logger in .*: is not an option$/],
    ['list.yaml', '- a\n', /list\.yaml: must be an object of options$/],
    ['broken.json', '{"auth": {"apiKeys": ["sk-hidden"', /broken\.json: is not valid JSON/],
    ['broken.yaml', 'a: [sk-hidden\nb: }', /broken\.yaml: is not valid YAML: see line \d+$/],
    ['tag.yaml', 'auth: { apiKeys: [!vault sk-hidden] }', /tag\.yaml: is not valid YAML: see line 1$/],
    ['port.yaml', 'port: 70000\n', /^port in .*port\.yaml: /],
  ])('%s is refused', (name, text, message) => {
    const file = put(name, text)
    expect(() => readConfigFile(file)).toThrow(message)
    expect(() => readConfigFile(file)).not.toThrow(/sk-hidden/)
  })

  test('a file that another user could have written is refused', () => {
    expect(() => readConfigFile(put('group.yaml', '', 0o620))).toThrow(
      /can be written by other users; run: chmod go-w/,
    )
    expect(() => readConfigFile(put('world.yaml', '', 0o602))).toThrow(/can be written by other users/)
    const inOpen = put('open/a.yaml', '')
    chmodSync(join(home, 'open'), 0o777)
    expect(() => readConfigFile(inOpen)).toThrow(/is in a directory that other users can write/)
    // A link says nothing about what it leads to.
    symlinkSync(inOpen, join(home, 'link.yaml'))
    expect(() => readConfigFile(join(home, 'link.yaml'))).toThrow(
      /is in a directory that other users can write/,
    )
  })

  test('a missing file and a directory are refused in words', () => {
    expect(() => readConfigFile(join(home, 'none.json'))).toThrow(/none\.json: does not exist$/)
    expect(() => readConfigFile(home)).toThrow(/is not a regular file/)
  })
})

test('a file where sessions work is refused, also through links', () => {
  const file = readConfigFile(put('work/api.yaml', ''))
  const directories = { allowedRoots: ['/srv'], workspacesDir: '/srv/workspaces' }
  expect(() => refuseReachableFile(file, directories)).not.toThrow()
  symlinkSync(join(home, 'work'), join(home, 'root'))
  for (const given of [
    { ...directories, allowedRoots: ['/srv', home] },
    { ...directories, allowedRoots: [join(home, 'root')] },
    { ...directories, workspacesDir: join(home, 'work') },
  ]) {
    expect(() => refuseReachableFile(file, given)).toThrow(/is inside .*where sessions work/)
  }
  expect(() => refuseReachableFile(file, { ...directories, allowedRoots: [join(home, 'wor')] })).not.toThrow()
  const dotted = readConfigFile(put('srv/..conf/api.yaml', ''))
  expect(() => refuseReachableFile(dotted, { ...directories, allowedRoots: [join(home, 'srv')] })).toThrow(
    /is inside/,
  )
})

test('a link where sessions work is refused, whatever it leads to', () => {
  const target = put('safe/api.yaml', '')
  const directories = { allowedRoots: [join(home, 'work')], workspacesDir: '/srv/workspaces' }
  mkdirSync(join(home, 'work'))
  mkdirSync(join(home, 'mine'))
  symlinkSync(target, join(home, 'work/link.yaml'))
  symlinkSync(join(home, 'work/link.yaml'), join(home, 'mine/first.yaml'))
  symlinkSync(join(home, 'safe'), join(home, 'work/way'))
  for (const name of ['work/link.yaml', 'mine/first.yaml', 'work/way/api.yaml']) {
    const file = readConfigFile(join(home, name))
    expect(() => refuseReachableFile(file, directories), name).toThrow(/is inside/)
  }
  expect(() => refuseReachableFile(readConfigFile(target), directories)).not.toThrow()
})
