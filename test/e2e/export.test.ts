import { expect, test } from 'vitest'
import { text, thinking, together, toolUse } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'

const awkward =
  'Look:\n```html\n<script>alert("from the answer")</script>\n```\n<img src=x onerror=alert(1)> 😀'

test('a conversation with tools, an error and an interrupt can be read in every format', async () => {
  const { call, send, createSession, ask, model, cwd } = await openServer()
  const id = await createSession({ title: 'Files & <tags>', permissionMode: 'acceptEdits' })
  const command = "printf '%s\\n' '```' '</pre><script>alert(2)</script>'"
  model.script('use tools', [
    together(
      thinking('Which <tool>?'),
      text('I write first.'),
      toolUse('Write', { file_path: `${cwd}/a.txt`, content: '```\nfence' }),
    ),
    toolUse('Read', { file_path: `${cwd}/a.txt` }),
    toolUse('Bash', { command }),
    text(awkward),
  ])
  model.script('long result', [toolUse('Bash', { command: 'seq 1 6000' }), text('That was long.')])
  await ask(id, 'Please use tools & <b>be bold</b>')
  await ask(id, 'a long result')
  const read = async (format: string) => {
    const response = await send('GET', `/sessions/${id}/export?format=${format}`)
    expect(response.status).toBe(200)
    return { text: await response.text(), headers: response.headers }
  }

  const { messages } = (await call('GET', `/sessions/${id}/messages?limit=1000`)).body
  const lines = (await read('jsonl')).text.trimEnd().split('\n')
  expect(lines.map(line => JSON.parse(line))).toEqual(messages)
  const document = JSON.parse((await read('json')).text)
  expect(document.messages).toEqual(messages)
  expect(document.turns.map((turn: { status: string }) => turn.status)).toEqual(['completed', 'completed'])

  const markdown = (await read('markdown')).text
  expect(markdown).toMatch(/^# Files & \\<tags>\n/)
  expect(markdown.match(/^## Turn \d+$/gm)).toEqual(['## Turn 1', '## Turn 2'])
  expect(markdown).toContain('> Please use tools & \\<b>be bold\\</b>')
  expect(markdown).toContain('<details><summary>Thinking</summary>\n\n```\nWhich <tool>?\n```')
  expect(markdown).toContain('**Tool call** `Write`\n\n````json\n')
  expect(markdown).toMatch(/\*\*Result\*\* of `Read`\n\n````\n[\s\S]*?fence[\s\S]*?\n````/)
  expect(markdown).toContain('**Tool call** `Bash`')
  expect(markdown).toContain('\\<img src=x onerror=alert(1)> 😀')
  expect(markdown).toMatch(/\*Turn completed: .* tokens in, .* out, \$/)

  const { text: html, headers } = await read('html')
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-.*sandbox$/)
  expect(html).not.toMatch(/<script|<img|<b>/)
  expect(html).toContain('<h2 id="turn-2">')
  expect(html).toContain('&lt;script&gt;alert(&quot;from the answer&quot;)&lt;/script&gt;')
  expect(html).toContain('That was long.')
  expect(html.match(/<details class="tool[^"]*" open><summary>(Result|Error)/g)).toHaveLength(4)

  await call('DELETE', `/sessions/${id}`)
  expect((await read('html')).text).toBe(html)
})

test('what a subagent did is marked as its own', async () => {
  const { send, createSession, ask, model } = await openServer()
  const id = await createSession()
  model.script('ask a helper', ({ round }) =>
    round === 0
      ? toolUse('Task', {
          description: 'look',
          prompt: 'Say the inner word',
          subagent_type: 'general-purpose',
        })
      : text('The helper is done.'),
  )
  model.script('Say the inner word', [toolUse('Bash', { command: 'echo inner' }), text('The inner word.')])
  await ask(id, 'ask a helper')
  const markdown = await (await send('GET', `/sessions/${id}/export?format=markdown`)).text()
  expect(markdown).toMatch(/^> \*\*Subagent\*\* \*\*Tool call\*\* `Bash`$/m)
  expect(markdown).toMatch(/^The helper is done\.$/m)
})
