import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readInstructions } from '../../src/sessions/instructions/read-instructions.ts'
import { toInertText } from '../../src/sessions/instructions/skills.ts'
import { LocalWorkspaceFiles } from '../../src/workspace/files/files.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

function openProject(files: Record<string, string>) {
  const base = temporaryDirectory()
  const root = join(base, 'project')
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  mkdirSync(root)
  for (const [path, text] of Object.entries(files)) put(path, text)
  writeFileSync(join(base, 'secret.md'), 'SECRET')
  writeFileSync(join(base, 'CLAUDE.md'), 'OF-THE-PARENT')
  const read = (...others: string[]) => readInstructions(new LocalWorkspaceFiles(), [root, ...others])
  return { base, root, put, read }
}

describe('memory', () => {
  test('CLAUDE.md in both places, includes inside the directory, and rules', async () => {
    const { read, root } = openProject({
      'CLAUDE.md':
        'FIRST @docs/a.md and @~/none.md <b@example.com>\n\n`@docs/not.md`\n```\n@docs/not.md\n```\n',
      '.claude/CLAUDE.md': 'SECOND',
      'docs/a.md': 'INCLUDED @b.md',
      'docs/b.md': 'DEEPER @a.md',
      'docs/not.md': 'NOT-INCLUDED',
      '.claude/rules/style.md': '---\npaths: ["src/**"]\n---\nRULE',
      '.claude/rules/deep/other.md': 'OTHER-RULE',
      'CLAUDE.local.md': 'LOCAL',
    })
    const { memory } = await read()
    for (const text of ['FIRST', 'SECOND', 'INCLUDED', 'DEEPER', 'RULE', 'OTHER-RULE', 'src/**']) {
      expect(memory).toContain(text)
    }
    for (const text of ['NOT-INCLUDED', 'LOCAL', 'OF-THE-PARENT']) expect(memory).not.toContain(text)
    expect(memory).toContain(`Contents of ${root}/docs/a.md`)
  })

  test('nothing outside the directories, by include or by link', async () => {
    const { read, root, base } = openProject({
      'CLAUDE.md': 'OWN @../secret.md @/etc/hostname @link.md @inner/secret.md',
    })
    symlinkSync(join(base, 'secret.md'), join(root, 'link.md'))
    symlinkSync(base, join(root, 'inner'))
    const { memory } = await read()
    expect(memory).toContain('OWN')
    expect(memory).not.toContain('SECRET')
  })

  test.each(['CLAUDE.md', '.claude'])('%s itself as a link to the outside', async name => {
    const { read, root, base } = openProject({})
    mkdirSync(join(base, 'outside/agents'), { recursive: true })
    writeFileSync(join(base, 'outside/CLAUDE.md'), 'SECRET')
    writeFileSync(join(base, 'outside/agents/x.md'), '---\nname: x\n---\nSECRET')
    symlinkSync(join(base, name === '.claude' ? 'outside' : 'secret.md'), join(root, name))
    expect(await read()).toEqual({ memory: '', agents: {}, skills: [] })
  })

  test('a link inside the directories is followed', async () => {
    const { read, root } = openProject({ 'docs/AGENTS.md': 'LINKED' })
    symlinkSync('docs/AGENTS.md', join(root, 'CLAUDE.md'))
    expect((await read()).memory).toContain('LINKED')
  })

  test('FIFOs, devices, endless and binary files are left out', async () => {
    const { read, root } = openProject({ 'CLAUDE.md': 'OWN @fifo @dev @long.md @binary.md' })
    execFileSync('mkfifo', [join(root, 'fifo')])
    symlinkSync('/dev/zero', join(root, 'dev'))
    writeFileSync(join(root, 'long.md'), 'LONG'.repeat(100_000))
    writeFileSync(join(root, 'binary.md'), Buffer.from('BINARY\0'))
    mkdirSync(join(root, '.claude/agents'), { recursive: true })
    execFileSync('mkfifo', [join(root, '.claude/agents/a.md'), join(root, '.claude/CLAUDE.md')])
    const { memory, agents } = await read()
    expect(memory).toMatch(/OWN/)
    expect(memory).not.toMatch(/LONG|BINARY/)
    expect(agents).toEqual({})
  })

  test('a directory above the working directory counts where it belongs to the session', async () => {
    const { read, base } = openProject({ 'CLAUDE.md': 'OWN' })
    expect((await read(base)).memory).toMatch(/OF-THE-PARENT[\s\S]*OWN/)
  })
})

describe('agents', () => {
  test('only name, description, text and tools count', async () => {
    const { read } = openProject({
      '.claude/agents/a.md': [
        '---',
        'name: reviewer',
        'description: Reviews: everything',
        'tools: Read, Bash(rm *), mcp__x__y',
        'disallowedTools: [Write]',
        'model: opus',
        'permissionMode: bypassPermissions',
        'memory: user',
        'background: true',
        'initialPrompt: "/x"',
        'skills: [a]',
        'hooks:',
        '  PreToolUse: [{ hooks: [{ type: command, command: "touch /x" }] }]',
        'mcpServers:',
        '  - e: { command: sh }',
        '---',
        'You review.',
      ].join('\n'),
      '.claude/agents/deep/b.md': 'No front matter',
      '.claude/agents/c.md': '---\nname: "../c"\ndescription: x\n---\nx',
    })
    expect((await read()).agents).toEqual({
      b: { description: "The project's agent b", prompt: 'No front matter' },
      reviewer: {
        description: 'Reviews: everything',
        prompt: 'You review.',
        tools: ['Read', 'Bash', 'mcp__x__y'],
        disallowedTools: ['Write'],
      },
    })
  })

  test('the working directory wins over an additional one', async () => {
    const { read, base } = openProject({ '.claude/agents/a.md': '---\nname: a\n---\nMINE' })
    mkdirSync(join(base, 'more/.claude/agents'), { recursive: true })
    writeFileSync(join(base, 'more/.claude/agents/a.md'), 'THEIRS')
    writeFileSync(join(base, 'more/.claude/agents/d.md'), 'ADDED')
    const { agents } = await read(join(base, 'more'))
    expect([agents.a?.prompt, agents.d?.prompt]).toEqual(['MINE', 'ADDED'])
  })
})

describe('skills and commands', () => {
  test('only name, description and text count, and nothing in the text runs', async () => {
    const { read, root } = openProject({
      '.claude/skills/swim/SKILL.md': [
        '---',
        'name: other',
        'description: Swims',
        'allowed-tools: Bash',
        'disallowed-tools: Write',
        'disable-model-invocation: true',
        'shell: powershell',
        'model: opus',
        'context: fork',
        'hooks: { PreToolUse: [] }',
        '---',
        'Run !`touch /tmp/x` in $' + '{CLAUDE_SKILL_DIR}\n```!\ntouch /tmp/y\n```',
      ].join('\n'),
      '.claude/commands/deploy.md': '# Deploys it\n\nGo !$ARGUMENTS',
      '.claude/commands/ns/inner.md': '---\ndescription: Inner\nargument-hint: [name]\n---\nInner',
    })
    const { skills } = await read()
    expect(skills).toEqual([
      {
        name: 'swim',
        description: 'Swims',
        userOnly: true,
        disallowedTools: ['Write'],
        body: expect.stringContaining(`! \`touch /tmp/x\` in ${root}/.claude/skills/swim`),
      },
      { name: 'deploy', description: 'Deploys it', userOnly: false, body: expect.stringContaining('! $ARG') },
      { name: 'ns:inner', description: 'Inner', argumentHint: '[name]', userOnly: false, body: 'Inner' },
    ])
    expect(skills[0]?.body).not.toContain('```!')
  })

  test.each(['!`x`', 'a\n!`x`', '```!\nx\n```', '`````!\nx', '!$1', '!$' + '{X}`', '!!`x`'])(
    '%j is inert',
    text => {
      expect(toInertText(text)).not.toMatch(/!`|!\$|```!/)
    },
  )
})

test('front matter that is not YAML, endless or full of aliases is no way around', async () => {
  const bomb = `a: &a [x,x]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*a,*a]`).join('\n')}`
  const { read } = openProject({
    '.claude/agents/bomb.md': `---\n${bomb}\ndescription: Boom\n---\nTEXT`,
    '.claude/agents/long.md': `---\ndescription: ${'x'.repeat(50_000)}\n---\nTEXT`,
    '.claude/agents/proto.md': '---\n__proto__: { tools: [Bash] }\nname: __proto__\n---\nTEXT',
  })
  const { agents } = await read()
  expect(Object.keys(agents).sort()).toEqual(['bomb', 'long'])
  expect(agents.bomb).toMatchObject({ description: 'Boom', prompt: 'TEXT' })
})
