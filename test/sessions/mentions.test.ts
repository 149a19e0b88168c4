import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findMentions } from '../../src/sessions/mentions/find-mentions.ts'
import { resolveMentions } from '../../src/sessions/mentions/resolve-mentions.ts'
import { LocalWorkspaceFiles } from '../../src/workspace/files/files.ts'
import { caller, openSessions, plain, promptOf, temporaryDirectory } from '../support/open-sessions.ts'

describe('what is a mention', () => {
  test.each([
    ['see @a.txt.', ['a.txt']],
    ['@a.txt, @b/c.md; (@d.txt)', ['a.txt', 'b/c.md']],
    ['@"a b.txt" and @\'c d.txt\'', ['a b.txt', 'c d.txt']],
    ['看。@/etc/passwd', ['/etc/passwd']],
    ['me@example.com', []],
    ['@agent-reviewer look, @"reviewer (agent)"', []],
    ['/deploy @a.txt', ['a.txt']],
    ['@src/', ['src/']],
    ['@../x @~/y', ['../x', '~/y']],
    ['@a.txt @a.txt', ['a.txt']],
  ])('%j', (text, paths) => {
    expect(findMentions(text).map(({ path }) => path)).toEqual(paths)
  })

  test.each([
    ['@a.txt#L3', { from: 3, to: 3 }],
    ['@a.txt#L3-5', { from: 3, to: 5 }],
    ['@a.txt#L3-L5', { from: 3, to: 5 }],
  ])('%j has lines', (text, lines) => {
    expect(findMentions(text)[0]).toMatchObject({ path: 'a.txt', lines })
  })
})

function openDirectory() {
  const base = temporaryDirectory()
  const root = join(base, 'root')
  mkdirSync(join(root, 'sub'), { recursive: true })
  writeFileSync(join(base, 'secret.txt'), 'SECRET')
  writeFileSync(join(root, 'a b.txt'), 'INSIDE')
  writeFileSync(join(root, 'lines.txt'), 'one\ntwo\nthree\nfour')
  writeFileSync(join(root, 'sub/x.md'), 'SUB')
  symlinkSync(join(base, 'secret.txt'), join(root, 'link'))
  symlinkSync(base, join(root, 'way'))
  symlinkSync('sub/x.md', join(root, 'inner'))
  const resolve = async (text: string) => {
    const { prompt, ignored } = await resolveMentions(text, new LocalWorkspaceFiles(), [root])
    return { text: JSON.stringify(prompt), prompt, ignored }
  }
  return { base, root, resolve }
}

describe('a mention', () => {
  test('inside the directories brings the file, before the prompt', async () => {
    const { resolve } = openDirectory()
    const { prompt, text, ignored } = await resolve('see @"a b.txt", @lines.txt#L2-3, @sub and @inner')
    expect(ignored).toEqual([])
    expect(prompt).toHaveLength(5)
    expect(prompt.at(-1)).toEqual({ type: 'text', text: 'see @"a b.txt", @lines.txt#L2-3, @sub and @inner' })
    expect(text).toContain('INSIDE')
    expect(text).toContain('two\\nthree"')
    expect(text).toContain('x.md')
    expect(text).toContain('SUB')
  })

  test.each([
    '../secret.txt',
    '/etc/passwd',
    '/etc/there-is-no-such-file',
    'link',
    'way/secret.txt',
    '~/x',
    'sub/../../secret.txt',
  ])('@%s stays text, and is said', async mention => {
    const { resolve } = openDirectory()
    for (const form of [mention, `"${mention}"`, `'${mention}'`]) {
      const { prompt, ignored } = await resolve(`see @${form}`)
      expect(prompt).toBe(`see @${form}`)
      expect(ignored).toEqual([{ mention, reason: 'outside' }])
    }
  })

  test('an absolute path to the outside with a range', async () => {
    const { resolve, base } = openDirectory()
    const { prompt, ignored } = await resolve(`@${base}/secret.txt#L1`)
    expect(prompt).toBe(`@${base}/secret.txt#L1`)
    expect(ignored).toEqual([{ mention: `${base}/secret.txt#L1`, reason: 'outside' }])
  })

  test('FIFOs and devices never block; a name that nothing has is text', async () => {
    const { resolve, root } = openDirectory()
    execFileSync('mkfifo', [join(root, 'fifo')])
    expect((await resolve('@fifo')).ignored).toEqual([{ mention: 'fifo', reason: 'not_a_file' }])
    expect(await resolve('ask @john')).toMatchObject({ prompt: 'ask @john', ignored: [] })
  })

  test('there is room for fifty', async () => {
    const { resolve, root } = openDirectory()
    const names = Array.from({ length: 51 }, (_, index) => `f${index}`)
    for (const name of names) writeFileSync(join(root, name), name)
    const { prompt, ignored } = await resolve(names.map(name => `@${name}`).join(' '))
    expect(prompt).toHaveLength(51)
    expect(ignored).toEqual([{ mention: 'f50', reason: 'too_many' }])
  })
})

test('the event says what a turn left as text; a prompt without commands is not looked at', async () => {
  const { sessions, store, ask, launcher, cwd } = await openSessions()
  writeFileSync(join(cwd, 'a.txt'), 'INSIDE')
  const seen: string[] = []
  launcher.script = async ({ text }) => {
    seen.push(text)
    return 'done'
  }
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  const { id: turnId } = await ask(id, 'see @/etc/passwd', { commands: true })
  await ask(id, 'see @/etc/passwd')
  // One that waits is looked at when it begins.
  const { turn: first } = await sessions.submit(caller, id, promptOf('see @../x', { commands: true }))
  await sessions.whenTurnEnded(caller, id, first.id, new AbortController().signal)
  const events = await store.listEvents('default', { sessionId: id, after: 0, limit: 100 })
  const ignored = events.filter(({ type }) => type === 'mentions.ignored')
  expect(ignored.map(event => [event.turnId, event.payload])).toEqual([
    [turnId, { mentions: [{ mention: '/etc/passwd', reason: 'outside' }] }],
    [first.id, { mentions: [{ mention: '../x', reason: 'outside' }] }],
  ])
})
