import { describe, expect, test } from 'vitest'
import type { SessionRecord } from '../records.ts'
import { isTrusted } from './trust.ts'

const policy = {
  trustedRoots: ['/home/me/work', '/srv/data'],
  trustedCloneUrls: ['https://example.com/team/', 'https://example.com/one/tool', '/srv/git/own'],
  reservedDirectories: ['/srv/data/workspaces'],
}
const path = '/srv/data/workspaces/1/repository'
const clone = (url: string, more: object = {}): SessionRecord['workspace'] => ({
  type: 'git',
  path,
  url,
  ref: null,
  depth: null,
  commit: null,
  removeOnEnd: false,
  ...more,
})

describe('a directory', () => {
  test.each([
    ['/home/me/work', true],
    ['/home/me/work/a/.claude/settings.json', true],
    ['/home/me/worker', false],
    ['/home/me', false],
    ['/', false],
    ['/srv/data/other', true],
    ['/srv/data/workspaces', false],
    ['/srv/data/workspaces/1/repository', false],
  ])('%s: %s', (directory, trusted) => {
    expect(isTrusted(directory, null, policy)).toBe(trusted)
  })
})

describe('a clone', () => {
  test.each([
    ['https://example.com/team/a.git', true],
    ['https://example.com/team', false],
    ['https://example.com/teamster/a', false],
    ['https://example.com/one/tool', true],
    ['https://example.com/one/tool.git', true],
    ['https://example.com/one/tool.git/', true],
    ['https://example.com/one/tool-evil', false],
    ['https://example.com/one/tool/evil', false],
    ['https://example.com.evil.example/team/a', false],
    ['http://example.com/team/a', false],
    ['ssh://git@example.com/team/a', false],
    ['/srv/git/own', true],
    ['/srv/git/own-evil', false],
  ])('%s: %s', (url, trusted) => {
    expect(isTrusted(`${path}/.claude`, clone(url), policy)).toBe(trusted)
  })

  test('a commit fetched by its id alone may be one of a fork', () => {
    const ref = 'a'.repeat(40)
    expect(isTrusted(path, clone('https://example.com/team/a', { ref, depth: 1 }), policy)).toBe(false)
    expect(isTrusted(path, clone('https://example.com/team/a', { ref }), policy)).toBe(true)
  })

  test('other paths of its session are not part of it', () => {
    expect(isTrusted('/srv/data/workspaces/2/x', clone('https://example.com/team/a'), policy)).toBe(false)
    expect(isTrusted('/home/other', clone('https://example.com/team/a'), policy)).toBe(false)
  })

  test('workspaces of other kinds are not trusted', () => {
    expect(isTrusted(path, { type: 'empty', path, removeOnEnd: false }, policy)).toBe(false)
  })
})
