import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { describeCall, describeTool } from './describe-call.ts'
import { ToolInput } from './tool-input.tsx'

const render = (name: string, input: unknown) =>
  renderToStaticMarkup(createElement(ToolInput, { name, input }))

test.each([
  ['Bash', { command: 'ls\n -la' }, 'ls -la'],
  ['Edit', { file_path: '/a/b/c/d.ts' }, '…/b/c/d.ts'],
  ['TodoWrite', { todos: [{ status: 'completed' }, { status: 'pending' }] }, '1 of 2 done'],
  ['mcp__git__log', { branch: 'main' }, 'main'],
  ['constructor', { a: 1 }, ''],
  ['Bash', null, ''],
  ['Bash', { command: 'x'.repeat(1_000) }, `${'x'.repeat(160)}…`],
])('a call of %s is described in a line', (name, input, line) => {
  expect(describeCall(name, input)).toBe(line)
})

test('a tool of an MCP server is named after both', () => {
  expect(describeTool('mcp__git__create_issue')).toBe('git: create_issue')
  expect(describeTool('Ba\u202esh')).toBe('Ba⟨U+202E⟩sh')
})

test('tools that are for the person go by what they are', () => {
  expect(['AskUserQuestion', 'ExitPlanMode', 'constructor'].map(describeTool)).toEqual([
    'Question',
    'Plan',
    'constructor',
  ])
})

test('a command shows what hides in it, and that it leaves the sandbox', () => {
  const html = render('Bash', { command: 'echo \u202esafe', dangerouslyDisableSandbox: true, odd: 'field' })
  expect(html).toContain('echo ⟨U+202E⟩safe')
  expect(html).toContain('Without sandbox')
  expect(html).toContain('odd')
})

test('an edit is shown as the lines that it changes', () => {
  const html = render('Edit', {
    file_path: '/a/b.ts',
    old_string: 'a\nb\nc',
    new_string: 'a\nB\nc',
    replace_all: true,
  })
  expect(html).toContain('Everywhere in the file')
  const rows = [...html.matchAll(/data-mark="(.)"[^>]*>(.*?)<\/td>/g)]
  expect(rows.map(([, mark, cell = '']) => [mark, cell.replace(/<[^>]*>/g, '')])).toEqual([
    [' ', 'a'],
    ['-', 'Removed: b'],
    ['+', 'Added: B'],
    [' ', 'c'],
  ])
})

test('an edit that changes only the line break at the end is not shown as none', () => {
  const html = render('Edit', { file_path: '/a', old_string: 'a', new_string: 'a\n' })
  expect(html).toContain('differ only in the line break')
})

test.each([
  ['Bash', { command: 7 }],
  ['Bash', 'text'],
  ['TodoWrite', { todos: 'none' }],
  ['AskUserQuestion', { questions: [null, 7, { options: 'x' }] }],
  ['Unknown', { '<b>': '<script>' }],
  ['mcp__a__b', { deep: { er: [1, 2] }, text: 'a\nb' }],
  ['Read', undefined],
])('an input of %s that is not as expected is shown all the same', (name, input) => {
  const html = render(name, input)
  expect(html.length).toBeGreaterThan(50)
  expect(html).not.toContain('<script>')
})
