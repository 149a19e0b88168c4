import { expect, test } from 'vitest'
import { withRemembered } from './remembered-permissions.ts'

const allowing = (...rules: object[]) => ({ type: 'addRules', rules, behavior: 'allow' })

test('rules are escaped as Claude Code escapes them, and never among the tools that are joined with commas', () => {
  const options = withRemembered({ allowedTools: ['Read'] }, [
    allowing({ toolName: 'Bash', ruleContent: "a \\( '),Bash,('" }, { toolName: 'mcp__docs__find' }),
  ])
  expect(options.settings).toEqual({
    permissions: { allow: ["Bash(a \\\\\\( '\\),Bash,\\(')", 'mcp__docs__find'] },
  })
  expect(options.allowedTools).toEqual(['Read'])
})

test.each([
  { toolName: 'Bash', ruleContent: '*' },
  { toolName: 'Bash', ruleContent: '' },
  { toolName: 'Bash(ls),Bash' },
  { toolName: 'mcp__*' },
])('%j is not carried over: it would be read as more than it is', rule => {
  expect(withRemembered({}, [allowing(rule)])).toEqual({})
})

test('directories are added to those that the session has', () => {
  const added = { type: 'addDirectories', directories: ['/b,c'] }
  expect(withRemembered({ additionalDirectories: ['/a'] }, [added])).toEqual({
    additionalDirectories: ['/a', '/b,c'],
  })
})
