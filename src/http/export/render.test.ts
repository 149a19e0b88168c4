import { describe, expect, test } from 'vitest'
import { messageReader } from '../../claude/messages/message-reader.ts'
import type { Session } from '../../contract/sessions.ts'
import type { EventRecord } from '../../sessions/records.ts'
import { type Entry, EntryReader } from './entries.ts'
import { exportSecurityPolicy, renderHtmlEntry, renderHtmlHead } from './render-html.ts'
import { renderMarkdownEntry, renderMarkdownHead } from './render-markdown.ts'

const turnId = 'turn-1'
const at = Date.UTC(2026, 0, 2)

function event(type: EventRecord['type'], payload: Record<string, unknown>): EventRecord {
  return { sessionId: 's', sequence: 1, type, turnId, at, payload } as EventRecord
}

function sdk(type: string, content: unknown, more: object = {}): EventRecord {
  const message = { type, message: { role: type, content }, parent_tool_use_id: null, ...more }
  return event('message', { id: 'm', source: 'sdk', message })
}

function prompt(content: unknown, id = turnId): EventRecord {
  return event('message', {
    id,
    source: 'user',
    message: { type: 'user', message: { role: 'user', content } },
  })
}

const read = (...events: EventRecord[]): Entry[] => {
  const reader = new EntryReader(messageReader)
  return events.flatMap(one => reader.read(one, id => `file ${id}`))
}

const awkward = '```\n</pre><script>alert("&")</script>\n```` `x` 😀'

describe('a log is read as a conversation', () => {
  test('turns, prompts, answers, tools, subagents, endings', () => {
    const call = { type: 'tool_use', id: 't1', name: 'Bash', input: { command: 'ls' } }
    const result = { type: 'tool_result', tool_use_id: 't1', content: 'a\nb', is_error: true }
    const entries = read(
      event('turn.queued', { status: 'queued' }),
      event('turn.started', { status: 'running' }),
      prompt('hello'),
      sdk('system', undefined, { subtype: 'init' }),
      sdk('assistant', [
        { type: 'thinking', thinking: 'hm' },
        { type: 'thinking', thinking: '' },
      ]),
      sdk('assistant', [{ type: 'text', text: 'I look' }, call]),
      prompt('and be quick', 'steered'),
      sdk('user', [result]),
      sdk('assistant', [{ type: 'text', text: 'inner' }], { parent_tool_use_id: 't2' }),
      event('permission.resolved', { toolName: 'Bash', status: 'denied', message: 'not now' }),
      event('turn.completed', {
        status: 'completed',
        stopReason: 'end_turn',
        durationMs: 1234,
        costUsd: 0.5,
        usage: { inputTokens: 1000, outputTokens: 2, cacheReadInputTokens: 30, cacheCreationInputTokens: 4 },
      }),
    )
    expect(entries).toEqual([
      { kind: 'turn', number: 1, at },
      { kind: 'prompt', parts: [{ type: 'text', text: 'hello' }], added: false },
      { kind: 'thinking', text: 'hm', ofSubagent: false },
      { kind: 'text', text: 'I look', ofSubagent: false },
      { kind: 'toolCall', name: 'Bash', input: '{\n  "command": "ls"\n}', ofSubagent: false },
      { kind: 'prompt', parts: [{ type: 'text', text: 'and be quick' }], added: true },
      {
        kind: 'toolResult',
        name: 'Bash',
        parts: [{ type: 'text', text: 'a\nb' }],
        isError: true,
        ofSubagent: false,
      },
      { kind: 'text', text: 'inner', ofSubagent: true },
      { kind: 'note', text: 'Permission for Bash denied: not now' },
      { kind: 'ending', text: 'Turn completed: 1.2 s, 1,034 tokens in, 2 out, $0.5000' },
    ])
  })

  test('files are named and not shown', () => {
    const attached = { type: 'image', source: { type: 'attachment', attachmentId: 'a1' } }
    const inline = {
      type: 'document',
      title: 'Plan',
      source: { type: 'base64', media_type: 'application/pdf', data: Buffer.alloc(1500).toString('base64') },
    }
    const asked = prompt([attached, inline, { type: 'text', text: 'Look' }])
    expect(new EntryReader(messageReader).attachmentsIn(asked)).toEqual(['a1'])
    expect(read(asked)[1]).toMatchObject({
      parts: [
        { type: 'file', label: 'Image: file a1' },
        { type: 'file', label: 'Document “Plan”: application/pdf, 1.5 kB' },
        { type: 'text', text: 'Look' },
      ],
    })
    const picture = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }
    const [result] = read(sdk('user', [{ type: 'tool_result', tool_use_id: 'x', content: [picture] }]))
    expect(result).toMatchObject({ parts: [{ type: 'file', label: 'Image: image/png, 3 B' }] })
  })

  test('a rewinding says what no longer counts', () => {
    const rewound = { toTurnId: 'a', conversation: true, files: true, turnIds: ['a', 'b'], restored: ['/x'] }
    expect(read(event('session.rewound', rewound))).toEqual([
      { kind: 'note', text: 'Rewound; turns above that no longer count: 2; files put back: 1' },
    ])
  })

  test('what failed says why', () => {
    const error = {
      code: 'MESSAGE_SEND_FAILED',
      reason: 'overloaded',
      message: "The model's API is overloaded",
    }
    expect(read(event('turn.failed', { status: 'failed', error, usage: null, costUsd: null }))).toEqual([
      { kind: 'ending', text: "Turn failed: The model's API is overloaded" },
    ])
    expect(read(event('turn.timed_out', { status: 'timed_out' }))).toEqual([
      { kind: 'ending', text: 'Turn timed out' },
    ])
    expect(read(event('turn.interrupted', { status: 'cancelled', stopReason: null }))).toEqual([
      { kind: 'ending', text: 'Turn cancelled' },
    ])
  })

  test.each([
    [sdk('assistant', undefined)],
    [sdk('user', 'plain text')],
    [sdk('user', [null, 7, { type: 'tool_result' }])],
    [sdk('assistant', [{ type: 'never_seen', data: 1 }])],
    [event('message', { id: 'x', source: 'sdk', message: {} })],
    [prompt({ type: 'image' })],
    [event('permission.resolved', {})],
  ])('%# of another shape is no reason to stop', odd => {
    for (const entry of read(odd)) {
      expect(renderMarkdownEntry(entry)).toMatch(/\n$/)
      expect(renderHtmlEntry(entry)).not.toContain('[object')
    }
  })
})

const session = {
  sessionId: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
  title: `A </title><b> & *title*`,
  model: null,
  createdAt: '2026-01-02T00:00:00.000Z',
  config: { cwd: '/a`b' },
} as Session

const entries: Entry[] = [
  {
    kind: 'prompt',
    parts: [
      { type: 'text', text: awkward },
      { type: 'file', label: '<img src=x>' },
    ],
    added: false,
  },
  { kind: 'text', text: awkward, ofSubagent: false },
  { kind: 'thinking', text: awkward, ofSubagent: false },
  { kind: 'synthetic', text: awkward, ofSubagent: true },
  { kind: 'toolCall', name: '<b>`', input: awkward, ofSubagent: false },
  {
    kind: 'toolResult',
    name: 'Bash',
    parts: [{ type: 'text', text: awkward }],
    isError: false,
    ofSubagent: true,
  },
  { kind: 'note', text: awkward },
  { kind: 'synthetic', text: awkward, ofSubagent: false },
]

describe('as HTML', () => {
  const page = renderHtmlHead(session) + entries.map(renderHtmlEntry).join('')

  test('holds nothing but its own markup', () => {
    expect(page).not.toMatch(/<script|<img|<b>|\bon\w+=|javascript:|https?:/)
    const tags = new Set([...page.matchAll(/<([a-z][\w-]*)/g)].map(match => match[1]))
    expect([...tags].sort()).toEqual(
      'article body code dd details div dl dt h1 head html main meta p pre style summary title'.split(' '),
    )
    for (const tag of ['article', 'code', 'details', 'div', 'p', 'pre', 'summary']) {
      const count = (pattern: string) => [...page.matchAll(new RegExp(pattern, 'g'))].length
      expect(count(`<${tag}\\b`), tag).toBe(count(`</${tag}>`))
    }
  })

  test('may do nothing, neither from here nor as a file', () => {
    expect(exportSecurityPolicy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]+=*'; .*sandbox$/)
    expect(page).toMatch(
      /http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src/,
    )
  })

  test('shows every text as it is', () => {
    expect(page).toContain(
      '<pre>\n```\n&lt;/pre&gt;&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;\n```` `x` 😀</pre>',
    )
  })

  test('cuts what is too long, and says so', () => {
    const text = 'y'.repeat(300_000)
    const result = renderHtmlEntry({ kind: 'toolCall', name: 'Read', input: text, ofSubagent: false })
    expect(result.length).toBeLessThan(21_000)
    expect(result).toContain('280,000 more characters are left out')
    expect(renderHtmlEntry({ kind: 'text', text, ofSubagent: false })).toContain(text)
  })
})

describe('as markdown', () => {
  test('nothing closes a fence, and no tag comes through', () => {
    expect(renderMarkdownHead(session)).toBe(
      '# A \\</title>\\<b> & \\*title\\*\n\n- Session: `7c9e6679-7425-40de-944b-e07fc1f90ae7`\n- Model: `unknown`\n' +
        '- Working directory: ``/a`b``\n- Created: 2026-01-02T00:00:00.000Z\n',
    )
    expect(renderMarkdownEntry(entries[4] as Entry)).toBe(
      `\n**Tool call** \`\` <b>\` \`\`\n\n\`\`\`\`\`json\n${awkward}\n\`\`\`\`\`\n`,
    )
    // The answer's own fence is closed by a longer one.
    expect(renderMarkdownEntry(entries[1] as Entry)).toBe(`\n\`\`\`\`\`\n${awkward.slice(4)}\n\`\`\`\`\`\n`)
  })

  test.each([
    ['plain', '```\nplain\n```'],
    ['a ``` b', '````\na ``` b\n````'],
    ['````\nfour\n````\n', '`````\n````\nfour\n````\n`````'],
    ['', '```\n```'],
  ])('a fence of %j cannot be closed from within', (text, fence) => {
    expect(renderMarkdownEntry({ kind: 'thinking', text, ofSubagent: false })).toBe(
      `\n<details><summary>Thinking</summary>\n\n${fence}\n\n</details>\n`,
    )
  })

  test('a fence says its language', () => {
    const call = renderMarkdownEntry({ kind: 'toolCall', name: 'Bash', input: '{}', ofSubagent: false })
    expect(call).toContain('\n```json\n{}\n```\n')
  })

  test.each([
    ['Bash', '`Bash`'],
    ['a`b', '``a`b``'],
    ['`', '`` ` ``'],
    ['two\nlines', '`two lines`'],
    [' padded ', '`  padded  `'],
  ])('the code span of %j', (name, span) => {
    const call = renderMarkdownEntry({ kind: 'toolCall', name, input: '{}', ofSubagent: false })
    expect(call).toMatch(`**Tool call** ${span}\n`)
  })

  test('a quote has every line, empty ones too', () => {
    const text = 'a\n\n> b'
    expect(renderMarkdownEntry({ kind: 'prompt', parts: [{ type: 'text', text }], added: false })).toContain(
      '\n> a\n>\n> > b\n',
    )
  })

  test('plain text stays plain in a line', () => {
    const text = '*a* [b](c) <i> `d`\n# e'
    expect(renderMarkdownEntry({ kind: 'note', text })).toBe('\n*\\*a\\* \\[b]\\(c) \\<i> \\`d\\` # e*\n')
  })

  test('prompts and subagents are quoted line by line', () => {
    const prompted = renderMarkdownEntry({
      kind: 'prompt',
      parts: [{ type: 'text', text: '# no heading\n\n<b>' }],
      added: false,
    })
    expect(prompted).toBe('\n### Prompt\n\n> # no heading\n>\n> \\<b>\n\n### Answer\n')
    for (const line of renderMarkdownEntry(entries[5] as Entry)
      .trim()
      .split('\n'))
      expect(line).toMatch(/^>/)
  })
})
