import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LocalWorkspaceFiles } from '../../src/workspace/files/files.ts'
import { isProgramPath } from '../../src/workspace/git/program-paths.ts'
import { makeRepository } from '../support/git.ts'
import { openFiles } from './open-files.ts'

const refused = { code: 'PATH_NOT_ALLOWED' }

describe('a name that some file system takes for one that programs are taken from', () => {
  test.each([
    ...[
      '.git/config',
      'a/b/.git/hooks/pre-commit',
      '.GIT/config',
      '.Git',
      '.git./config',
      '.git /config',
      '.git. . ',
    ],
    ...[
      '.git::$INDEX_ALLOCATION/config',
      '.git:stream',
      'git~1/config',
      'GIT~2',
      '.g\u200cit/config',
      '.git\ufeff',
    ],
    ...['\uff0egit/config', '.\u{1d420}it/config', '.gi\u00adt/x', 'sub/.git'],
    ...[
      '.claude/settings.json',
      '.claude/settings.local.json',
      '.CLAUDE/Settings.json',
      '.claude ',
      '.claude',
    ],
    ...['.claude/hooks/x.sh', '.claude/skills/x/run.py', '.claude/agents/x.json', '.claude/other/x.md'],
    ...['claude~1/settings.json', '.claude/plugins/x.md', 'deep/.claude/settings.json', '.claude/agents'],
    ...['.mcp.json', 'sub/.mcp.json', '.MCP.JSON', '.mcp.j\u017fon', '.mcp.json.', 'mcp~1.jso'],
    ...['.gitmodules', '.GitModules', 'x/.gitmodules', 'gitmod~1', '.claude/worktrees/x/.git/config'],
    ...['.claude/worktrees/x/.claude/settings.json', '.claude/worktrees/x/.mcp.json', '.claude/settings.md'],
  ])('%j is one', path => {
    expect(isProgramPath(path.split('/'), 'file')).toBe(true)
  })

  test.each([
    ...[
      'a.txt',
      '.gitignore',
      '.gitattributes',
      '.github/workflows/ci.yml',
      'git/config',
      '.gitx/config',
      'x.git/a',
    ],
    ...[
      '.claude/CLAUDE.md',
      'CLAUDE.md',
      '.claude/agents/a.md',
      '.claude/commands/sub/b.md',
      '.claude-code/settings.json',
    ],
    ...[
      '.claude/skills/x/SKILL.md',
      '.claude/rules/r.md',
      '.claude/output-styles/s.md',
      'mcp.json',
      '.mcp.jsonc',
    ],
    ...['.claude/worktrees/x/src/a.ts', 'claude/settings.json', '.claude.md'],
  ])('%j is none', path => {
    expect(isProgramPath(path.split('/'), 'file')).toBe(false)
  })
})

describe('a file that programs are taken from', () => {
  const places = [
    '.git/config',
    '.git/hooks/post-checkout',
    '.claude/settings.json',
    '.mcp.json',
    '.gitmodules',
  ]

  test.each(places)('%s is neither written nor removed, and made nowhere', async path => {
    const { cwd, write, remove } = openFiles({ [path]: 'old', 'sub/a.txt': '' })
    await expect(write(path, 'new')).rejects.toMatchObject(refused)
    await expect(write(`sub/${path}`, 'new')).rejects.toMatchObject(refused)
    await expect(write(join(cwd, path), 'new')).rejects.toMatchObject(refused)
    await expect(write(`sub/../${path}`, 'new')).rejects.toMatchObject(refused)
    await expect(remove(path)).rejects.toMatchObject(refused)
    expect(readFileSync(join(cwd, path), 'utf8')).toBe('old')
    expect(existsSync(join(cwd, 'sub', path))).toBe(false)
  })

  test.each(places)('%s keeps all of a directory from being removed', async path => {
    const { cwd, remove } = openFiles({ [`top/deep/${path}`]: 'old', 'top/a.txt': '', 'top/z/b.txt': '' })
    for (const removed of ['top', 'top/deep', `top/deep/${path.split('/')[0]}`]) {
      await expect(remove(removed, true), removed).rejects.toMatchObject(refused)
    }
    for (const left of [`top/deep/${path}`, 'top/a.txt', 'top/z/b.txt']) {
      expect(existsSync(join(cwd, left)), left).toBe(true)
    }
  })

  test('is not reached through links, in either direction', async () => {
    const { cwd, write, remove } = openFiles({
      '.git/config': 'old',
      'conf/settings.json': 'old',
      'conf/mcp': 'old',
      docs: '-> .git',
      'sub/other': '-> ../.git/config',
      '.claude': '-> conf',
      '.mcp.json': '-> conf/mcp',
    })
    for (const path of [
      'docs/config',
      'docs/new',
      'sub/other',
      '.claude/settings.json',
      'conf/settings.json',
      'conf/mcp',
    ]) {
      await expect(write(path, 'new'), path).rejects.toMatchObject(refused)
    }
    for (const path of ['docs/config', 'conf/settings.json', '.claude', '.mcp.json']) {
      await expect(remove(path), path).rejects.toMatchObject(refused)
    }
    await expect(remove('conf', true)).rejects.toMatchObject(refused)
    expect(readFileSync(join(cwd, '.git/config'), 'utf8')).toBe('old')
    // A link itself is only a link.
    await remove('docs')
    expect(existsSync(join(cwd, '.git/config'))).toBe(true)
  })

  test('is refused in a git directory of another name, and no such directory is made', async () => {
    const { cwd, write, remove } = openFiles({ 'a.txt': '' })
    makeRepository(join(cwd, 'work'))
    renameSync(join(cwd, 'work/.git'), join(cwd, 'store'))
    for (const path of ['store/config', 'store/hooks/post-checkout', 'store/info/attributes']) {
      await expect(write(path, 'new'), path).rejects.toMatchObject(refused)
    }
    await expect(remove('store', true)).rejects.toMatchObject(refused)
    await write('bare/objects/x', '')
    await write('bare/config', '')
    await write('bare/refs/x', '')
    await expect(write('bare/HEAD', 'ref: refs/heads/main\n')).rejects.toMatchObject(refused)
  })

  test('that is named as a directory of the session is judged from the allowed root', async () => {
    const { cwd } = openFiles({ 'project/.git/config': 'old' })
    const judging = new LocalWorkspaceFiles({ tops: [cwd] })
    const roots = [join(cwd, 'project/.git')] as const
    await expect(judging.write(roots, 'config', Buffer.from('new'), {})).rejects.toMatchObject(refused)
  })
})

describe('where it is trusted, and what is only text', () => {
  test('can be changed', async () => {
    const { cwd, files, roots, remove, write } = openFiles({
      'trusted/.git/config': 'old',
      '.git/config': 'old',
    })
    const isTrusted = (path: string) => path.startsWith(join(cwd, 'trusted/'))
    const bytes = Buffer.from('new')
    await files.write(roots, 'trusted/.git/config', bytes, { isTrusted })
    await files.write(roots, 'trusted/.claude/settings.json', bytes, { isTrusted })
    await expect(files.write(roots, '.git/config', bytes, { isTrusted })).rejects.toMatchObject(refused)
    await files.remove(roots, 'trusted', { recursive: true, isTrusted })
    expect(existsSync(join(cwd, 'trusted'))).toBe(false)
    for (const path of [
      '.claude/agents/a.md',
      '.claude/commands/x/y.md',
      '.claude/CLAUDE.md',
      '.gitignore',
    ]) {
      await write(path, 'text')
    }
    await remove('.claude', true)
    expect(existsSync(join(cwd, '.claude'))).toBe(false)
    mkdirSync(join(cwd, 'x'))
    symlinkSync('.git', join(cwd, 'x/link'))
    writeFileSync(join(cwd, 'x/.gitkeep'), '')
    await remove('x', true)
  })
})
