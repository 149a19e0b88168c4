import { execFileSync } from 'node:child_process'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { buildOpenApi } from '../../src/contract/openapi.ts'
import { workspaceRequest } from '../../src/contract/workspace.ts'

const allowed = [
  ...'main fix#1 feature/ü 日本/語 😀 v1.0 20240101 1234567 a- a/-b _ head HEAD/a refs/heads/x'.split(' '),
  ...'a@b a@ @a @/a a/@ +a #1 =a % ! " \' a,b a;b a&b {a} a} a|b <a> `a` $(a) a.locker a.lock.b lock'.split(
    ' ',
  ),
]
const refused = [
  ...'-a --orphan .a /a a/ a. a..b a//b a/.b a.lock a.lock/b .lock . .. @{-1} a@{0}'.split(' '),
  ...'a~1 a^ a:b :a a? a* [a a][ a\\b a/b.lock'.split(' '),
  ...['', 'a b', ' a', 'a\tb', 'a\nb', 'a\x7fb', 'a\u0001'],
]
/** Git would take them, the first one for `HEAD`; nobody who reads a log would take the others. */
const refusedByUs = ['@', 'a\u2028b', 'a\u2029..', 'a\u0085b', 'x'.repeat(201)]

const requests = [
  ['ref', (ref: string) => ({ type: 'git', url: '/x', ref })],
  ['base', (base: string) => ({ type: 'worktree', repository: '/x', base })],
  ['branch', (branch: string) => ({ type: 'worktree', repository: '/x', branch })],
] as const

function takenByGit(name: string): boolean {
  try {
    execFileSync('git', ['check-ref-format', '--branch', name], { stdio: 'ignore', cwd: '/' })
    return true
  } catch {
    return false
  }
}

const ajv = new Ajv2020({ strict: false, logger: false })
ajv.addSchema(buildOpenApi(''), 'openapi', false, false)
const takenByDocument = ajv.compile({ $ref: 'openapi#/components/schemas/WorkspaceRequest' })

describe.each(requests)('the name of a branch as %s', (_, toRequest) => {
  const taken = (name: string) => {
    const request = toRequest(name)
    return [workspaceRequest.safeParse(request).success, takenByDocument(request)]
  }

  test.each(allowed)('may be %j, as with git', name => {
    expect([takenByGit(name), ...taken(name)]).toEqual([true, true, true])
  })

  test.each(refused)('may not be %j, as with git', name => {
    expect([takenByGit(name), ...taken(name)]).toEqual([false, false, false])
  })

  test.each(refusedByUs)('may not be %j', name => {
    expect(taken(name)).toEqual([false, false])
  })
})

test('HEAD is where a branch may begin, and no name of one', () => {
  expect(takenByGit('HEAD')).toBe(false)
  const taken = requests.map(([, toRequest]) => takenByDocument(toRequest('HEAD')))
  expect(taken).toEqual([true, true, false])
  expect(requests.map(([, toRequest]) => workspaceRequest.safeParse(toRequest('HEAD')).success)).toEqual(
    taken,
  )
})
