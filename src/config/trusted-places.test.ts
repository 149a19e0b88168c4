import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resolveConfig } from './resolve-config.ts'

let root = ''
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'trusted-places-')))
  mkdirSync(join(root, 'allowed/own'), { recursive: true })
  mkdirSync(join(root, 'allowed/data/workspaces'), { recursive: true })
  mkdirSync(join(root, 'elsewhere'))
  symlinkSync(join(root, 'allowed/own'), join(root, 'link'))
  symlinkSync(join(root, 'elsewhere'), join(root, 'allowed/way-out'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const resolve = (trustedRoots?: string[], env = {}, trustedCloneUrls: string[] = []) =>
  resolveConfig(
    {
      allowedRoots: [join(root, 'allowed')],
      dataDir: join(root, 'allowed/data'),
      defaultCwd: join(root, 'allowed'),
      trustedCloneUrls,
      ...(trustedRoots && { trustedRoots: trustedRoots.map(path => join(root, path)) }),
    },
    { HOME: root, ...env },
  )

describe('trustedRoots', () => {
  test('are real paths', () => {
    expect(resolve(['link', 'allowed']).trustedRoots).toEqual([
      join(root, 'allowed/own'),
      join(root, 'allowed'),
    ])
  })

  test('come from the environment where the option is absent', () => {
    const env = { CLAUDE_CODE_API_TRUSTED_ROOTS: join(root, 'allowed/own') }
    expect(resolve(undefined, env).trustedRoots).toEqual([join(root, 'allowed/own')])
    expect(resolve([], env).trustedRoots).toEqual([])
  })

  test.each([
    ['elsewhere', /trustedRoots\[0\].*allowedRoots/],
    ['allowed/way-out', /trustedRoots\[0\].*allowedRoots/],
    ['allowed/data', /trustedRoots\[0\].*dataDir/],
    ['allowed/data/workspaces', /trustedRoots\[0\].*(dataDir|workspacesDir)/],
    ['allowed/data/workspaces/1', /trustedRoots\[0\].*(dataDir|workspacesDir)/],
  ])('%s is refused', (path, message) => {
    expect(() => resolve([path])).toThrow(message)
  })
})

describe('trustedCloneUrls', () => {
  test('are normalised', () => {
    const urls = ['https://Example.com/team/', 'https://example.com', `file://${root}/link`, `${root}/link/`]
    expect(resolve([], {}, urls).trustedCloneUrls).toEqual([
      'https://example.com/team/',
      'https://example.com/',
      join(root, 'allowed/own'),
      `${join(root, 'allowed/own')}/`,
    ])
  })

  test.each(['team', 'https://', 'https://me:pw@example.com/'])('%s is refused', url => {
    expect(() => resolve([], {}, [url])).toThrow(/trustedCloneUrls\[0\]/)
  })
})
