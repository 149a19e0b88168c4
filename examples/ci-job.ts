// A check of a CI pipeline, which reads and changes nothing:
// node ci-job.ts --cwd "$PWD" --budget 0.5 --junit report.xml --markdown report.md prompt.md
// The prompt comes from the file, or from standard input. Exit codes: 0 passed, 1 Claude found something, 2 wrong
// arguments, 3 no verdict: the turn failed, or the budget was used up.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Turn } from '../src/client/index.ts'
import { connect } from './connect.ts'

interface Verdict {
  passed: boolean
  findings: { file: string; line: number; message: string }[]
}
const schema = {
  type: 'object',
  properties: {
    passed: { type: 'boolean' },
    findings: {
      type: 'array',
      items: {
        type: 'object',
        properties: { file: { type: 'string' }, line: { type: 'integer' }, message: { type: 'string' } },
        required: ['file', 'line', 'message'],
        additionalProperties: false,
      },
    },
  },
  required: ['passed', 'findings'],
  additionalProperties: false,
}

const { values: options, positionals } = parseArgs({
  options: {
    cwd: { type: 'string' },
    budget: { type: 'string', default: '1' },
    junit: { type: 'string' },
    markdown: { type: 'string' },
  },
  allowPositionals: true,
})
const maxBudgetUsd = Number(options.budget)
// 0 is standard input.
const prompt = readFileSync(positionals[0] ?? 0, 'utf8').trim()
if (prompt === '' || positionals.length > 1 || !(maxBudgetUsd > 0)) {
  process.stderr.write(
    'usage: ci-job.ts [--cwd DIR] [--budget USD] [--junit FILE] [--markdown FILE] [PROMPT-FILE]\n',
  )
  process.exit(2)
}

const session = await connect().createSession({
  title: 'CI job',
  cwd: options.cwd,
  tools: ['Read', 'Grep', 'Glob'],
  outputFormat: { type: 'json_schema', schema },
  maxBudgetUsd,
})
let turn: Turn | undefined
let fault = ''
try {
  turn = await session.send(prompt, { timeout: 15 * 60_000, turnRetries: 1 })
  if (turn.structuredOutput === undefined) fault = `no verdict: ${turn.stopReason}`
} catch (error) {
  fault = (error as Error).message
} finally {
  await session.end()
}
const verdict = turn?.structuredOutput as Verdict | undefined
const findings = verdict?.findings ?? []

// What Claude writes is text, not markup.
const toXml = (text: string) =>
  text.replace(/(?![\t\n])\p{Cc}/gu, '').replace(/[<>&"]/g, sign => `&#${sign.charCodeAt(0)};`)
const toMarkdown = (text: string) => text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>|#]/g, sign => `\\${sign}`)

const cases = [
  ...findings.map(
    ({ file, line, message }) =>
      `<testcase classname="${toXml(file)}" name="line ${line}"><failure message="${toXml(message)}"/></testcase>`,
  ),
  ...(fault === '' ? [] : [`<testcase name="verdict"><error message="${toXml(fault)}"/></testcase>`]),
]
if (cases.length === 0) cases.push('<testcase name="verdict"/>')
const counts = `tests="${cases.length}" failures="${findings.length}" errors="${fault === '' ? 0 : 1}"`
const junit = `<?xml version="1.0"?>\n<testsuite name="claude" ${counts}>\n${cases.join('\n')}\n</testsuite>\n`
const outcome = fault === '' ? (verdict?.passed ? 'passed' : 'failed') : toMarkdown(fault)
const list = findings.map(
  ({ file, line, message }) => `- ${toMarkdown(file)}:${line}: ${toMarkdown(message)}\n`,
)
const cost = turn?.costUsd == null ? '' : `\nCost: $${turn.costUsd.toFixed(2)}\n`
const markdown = `# Claude: ${outcome}\n\n${list.join('')}${cost}`

if (options.junit !== undefined) writeFileSync(options.junit, junit)
if (options.markdown !== undefined) writeFileSync(options.markdown, markdown)
process.stdout.write(markdown)
process.exitCode = fault === '' ? (verdict?.passed ? 0 : 1) : 3
