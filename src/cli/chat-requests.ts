import type { PermissionRequest, RequestHandlers } from '../client/index.ts'
import type { LineReader } from './line-reader.ts'
import { shorten, terminal } from './terminal.ts'

type Answer = Awaited<ReturnType<NonNullable<RequestHandlers['permission']>>>

const words: Readonly<Record<string, string>> = { y: 'y', yes: 'y', n: 'n', no: 'n', a: 'a' }

/** Answers what Claude asks with what the person types, one request after the other. */
export function askPerson(lines: LineReader): RequestHandlers {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn =
    (ask: (request: PermissionRequest, signal: AbortSignal) => Promise<Answer>) =>
    (request: PermissionRequest, { signal }: { signal: AbortSignal }) => {
      const answered = last.then(() => (signal.aborted ? undefined : ask(request, signal)))
      last = answered.catch(() => {})
      return answered
    }
  const choose = async (question: string, choices: string, signal: AbortSignal) => {
    for (;;) {
      const line = await lines.ask(`${question} `, { signal, isFresh: true })
      if (line === undefined) return undefined
      // Nothing is allowed by a word that happens to begin with the letter.
      const letter = words[line.trim().toLowerCase()] ?? ''
      if (letter !== '' && choices.includes(letter)) return letter
    }
  }
  return {
    permission: inTurn(async ({ title, toolName, input }, signal) => {
      terminal.line(`? ${title ?? toolName}`, 'yellow')
      terminal.line(`  ${shorten(JSON.stringify(input), 1_000)}`)
      const letter = await choose('Allow? [y] once, [n] no, [a] for this session:', 'yna', signal)
      if (letter === 'a') return { decision: 'allow', remember: 'session' }
      return letter === undefined ? undefined : letter === 'y' ? 'allow' : 'deny'
    }),
    plan: inTurn(async ({ plan = '' }, signal) => {
      terminal.text(`${plan}\n`)
      const letter = await choose('Work by this plan? [y] yes, [n] no:', 'yn', signal)
      return letter === undefined ? undefined : letter === 'y' ? 'allow' : 'deny'
    }),
    question: inTurn(async ({ questions = [] }, signal) => {
      const answers: Record<string, string> = {}
      for (const { question, options } of questions) {
        terminal.line(`? ${question}`, 'yellow')
        for (const [index, { label, description }] of options.entries()) {
          terminal.line(`  ${index + 1}. ${label}${description === undefined ? '' : `: ${description}`}`)
        }
        let said: string | undefined = ''
        while (said?.trim() === '')
          said = await lines.ask('Number, or your own words: ', { signal, isFresh: true })
        if (said === undefined) return undefined
        answers[question] = options[Number(said) - 1]?.label ?? said.trim()
      }
      return { decision: 'allow', answers }
    }),
    elicitation: inTurn(async ({ elicitation }, signal) => {
      terminal.line(`? ${elicitation?.serverName}: ${elicitation?.message}`, 'yellow')
      if (elicitation?.mode !== 'url') {
        terminal.line('  This form cannot be filled in here; it stays open for other clients of the API.')
        return undefined
      }
      terminal.line(`  ${elicitation.url ?? ''}`)
      const letter = await choose('Done there? [y] yes, [n] no:', 'yn', signal)
      return letter === undefined ? undefined : letter === 'y' ? 'allow' : 'deny'
    }),
  }
}
