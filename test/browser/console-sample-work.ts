import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text, thinking, together, toolUse } from '../../src/demo/answer.ts'
import { until } from '../support/open-sessions.ts'
import type { ConsoleServer } from './console-page.ts'

const longTitle =
  'Export of conversations with images fails in Safari when the name has an umlaut, the disk is nearly full and the person has two tabs open'

const answer = `Uploads failed because the **retry timer was never cleared** after a success, so a second attempt raced with the next test.

| run | before | after |
|---|---:|---:|
| 100 times, alone | 7 failures | 0 |
| 100 times, under load | 31 failures | 0 |

The heart of the change:

\`\`\`ts
export async function upload(file: File, { signal, retries = 3 }: UploadOptions): Promise<Receipt> {
  const timer = new RetryTimer(retries)
  try {
    return await timer.run(() => send(file, signal))
  } finally {
    timer.close() // A timer that is left behind wakes the next test.
  }
}
\`\`\`

1. \`RetryTimer\` closes with its upload.
2. The test waits for the event *and not for 50 ms*.

I left \`upload.legacy.ts\` alone; it is removed with the next release.`

const oldUpload = `export async function upload(file: File, retries = 3): Promise<Receipt> {
  const timer = new RetryTimer(retries)
  return timer.run(() => send(file))
}
`
const newUpload = `export async function upload(file: File, { signal, retries = 3 }: UploadOptions): Promise<Receipt> {
  const timer = new RetryTimer(retries)
  try {
    return await timer.run(() => send(file, signal))
  } finally {
    timer.close()
  }
}
`

const jitter = `/** Spreads retries, so that clients that failed together do not come back together. */
export function withJitter(delayMs: number, random = Math.random): number {
  return delayMs * (0.5 + random())
}
`

/** A repository with something to change. */
function makeRepository(directory: string): string {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], { cwd: directory })
  mkdirSync(join(directory, 'src/upload'), { recursive: true })
  mkdirSync(join(directory, 'test'), { recursive: true })
  writeFileSync(join(directory, 'README.md'), '# Uploads\n\nSends files, and tries again.\n')
  writeFileSync(join(directory, 'src/upload/upload.ts'), oldUpload)
  writeFileSync(join(directory, 'src/upload/retry-timer.ts'), 'export class RetryTimer {}\n')
  for (let index = 0; index < 200; index++) {
    writeFileSync(join(directory, `test/case-${index}.txt`), `case ${index}\n`)
  }
  git('init', '-q', '-b', 'main')
  git('add', '.')
  git('commit', '-qm', 'Begin')
  return directory
}

/** Fills a server with work as a team has it: done, failed, running, and an inbox of thirty. */
export async function fillWithWork(server: ConsoleServer) {
  const repository = makeRepository(join(server.workspace, 'uploads'))
  const { model, call } = server
  model.script('flaky upload', ({ round, workingDirectory = '' }) => {
    const file = join(workingDirectory, 'src/upload/upload.ts')
    if (round === 0) {
      return together(
        thinking('The failures come in pairs. Something of one test is left for the next one.'),
        text('I look at the upload and its test first.'),
        toolUse('Read', { file_path: file }),
        toolUse('Bash', {
          command: 'ls test | head -5 && git status --short',
          description: 'List the tests',
        }),
      )
    }
    if (round === 1) return toolUse('Edit', { file_path: file, old_string: oldUpload, new_string: newUpload })
    return text(answer)
  })
  model.script('cases anew', ({ round }) =>
    round === 0
      ? toolUse('Bash', {
          command: 'for f in test/*.txt; do echo done >> $f; done',
          description: 'Mark the cases',
        })
      : text('All 200 cases are marked.'),
  )
  model.script(
    'migrate the store',
    toolUse('Bash', {
      command: 'npm run migrate -- --dry-run 2>&1 | tee /tmp/migrate.log && git diff --stat',
      description: 'See what the migration would change',
    }),
  )
  model.script('ask first', ({ workingDirectory = '' }) =>
    toolUse('Write', { file_path: join(workingDirectory, 'src/upload/jitter.ts'), content: jitter }),
  )

  const worktree = { type: 'worktree', repository }
  const make = async (body: object, prompt: string) => {
    const sessionId = await server.createSession({ permissionPrompts: 'ask', ...body })
    const { body: accepted } = await server.ask(sessionId, prompt, { background: true })
    return { sessionId, turnId: accepted.turnId as string }
  }
  const done = (sessionId: string, turnId: string) =>
    until(async () => {
      const { status } = (await call('GET', `/sessions/${sessionId}/turns/${turnId}`)).body
      return !['queued', 'running'].includes(status)
    })
  const work = await make(
    {
      title: 'Fix the flaky upload test',
      workspace: worktree,
      permissionMode: 'acceptEdits',
      tags: ['ci', 'flaky'],
      permissionPrompts: 'deny',
      allowedTools: ['Bash'],
    },
    'The flaky upload test fails on CI about once a day. Find out why, and mend it.',
  )
  await done(work.sessionId, work.turnId)
  const { body: second } = await server.ask(work.sessionId, 'Mark the cases anew', { background: true })
  await done(work.sessionId, second.turnId)
  await make({ title: longTitle, tags: ['support'] }, 'Remember that the customer is called Minka')
  await make({ title: 'Nightly report', tags: ['nightly'] }, 'Fail with 529')
  const running = await make({ title: 'Count the open issues' }, 'Count slowly to 100')
  await make({ title: 'Choose a colour' }, 'Ask me a question')
  await make({ title: 'Split the billing module', permissionMode: 'plan' }, 'Propose a plan')
  const asking = await make({ title: 'Migrate the store', workspace: worktree }, 'Please migrate the store')
  // One process serves many requests of one session only in turn, so the thirty are of several sessions.
  for (let index = 0; index < 6; index++) {
    await make({ title: `Retry with jitter, part ${index + 1}`, workspace: worktree }, 'Do ask first')
  }
  await until(async () => (await call('GET', '/permissions')).body.pagination.total >= 9)
  return { work, running, asking }
}
