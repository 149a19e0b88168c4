import type { TourItem } from './tour-item.ts'
import { say } from './tour-item.ts'
import { call, report } from './tour-tools.ts'

const question = {
  question: 'Which color do you like best?',
  header: 'Color',
  multiSelect: false,
  options: [
    { label: 'Red', description: 'Like a rose' },
    { label: 'Blue', description: 'Like the sea' },
  ],
}

/** Features that need a person, in a session with `permissionPrompts: "ask"`. */
export const peopleTour: readonly TourItem[] = [
  {
    name: 'question',
    sample: 'Ask me a question',
    shows: 'ask you something, in a session with "permissionPrompts": "ask"',
    when: /^(?:please )?ask me (?:a question|something)\b/i,
    answer: prompt =>
      prompt.round > 0
        ? report(prompt)
        : call(
            prompt,
            [{ tool: 'AskUserQuestion', input: { questions: [question] } }],
            'Create a session with "permissionPrompts": "ask" for it.',
          ),
  },
  {
    name: 'plan',
    sample: 'Propose a plan',
    shows: 'propose a plan, in a session with "permissionPrompts": "ask" and "permissionMode": "plan"',
    when: /^(?:please )?(?:propose|make) a plan\b/i,
    answer: prompt =>
      prompt.round > 0
        ? report(prompt)
        : call(
            prompt,
            [{ tool: 'ExitPlanMode', input: { plan: '# Plan\n\n1. Look around\n2. Tell you' } }],
            'Create a session with "permissionPrompts": "ask" and "permissionMode": "plan" for it.',
          ),
  },
  {
    name: 'any tool',
    sample: 'Use the tool Bash with {"command":"date"}',
    shows: 'call any tool with any input',
    when: /^(?:please )?use the tool (\S+) with (\{[\s\S]*\})\s*$/i,
    answer: (prompt, [, tool = '', json = '']) => {
      if (prompt.round > 0) return report(prompt)
      const input = parseObject(json)
      return input ? call(prompt, [{ tool, input }]) : say('What comes after "with" has to be a JSON object.')
    },
  },
]

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(json) as Record<string, unknown>
  } catch {
    return undefined
  }
}
