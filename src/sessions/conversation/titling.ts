import { ServiceError } from '../../contract/errors.ts'
import type { Log } from '../../lib/log.ts'
import type { AgentQuestions } from '../ports/index.ts'
import type { SessionProcess } from '../processes/session-process.ts'
import type { TurnRecord } from '../records.ts'
import { askLiveAgent } from './agent-lending.ts'

/** Characters of the prompt, and of the response, that Claude Code is given. */
const describedCharacters = 1_000

/** Has Claude Code give the session a title, if it is to and the session has none. No turn waits for it. */
export class Titling {
  readonly #process: SessionProcess
  readonly #faults: Pick<Log, 'error'>
  #work: Promise<void> | undefined

  constructor(process: SessionProcess, faults: Pick<Log, 'error'>) {
    this.#process = process
    this.#faults = faults
  }

  /** To be called while the process is live, after a turn. If there is no title now, the next turn asks again. */
  begin(turn: TurnRecord): void {
    if (this.#process.configuration.titles !== 'claude' || this.#work) return
    if (turn.status !== 'completed' || turn.stopReason === 'budget') return
    this.#work = askLiveAgent(this.#process, questions => this.#title(questions, turn))
      .catch(error => {
        // The process had no answer or has ended.
        if (error instanceof ServiceError) return
        const { sessionId, id: turnId } = turn
        this.#faults.error({ err: error, sessionId, turnId }, 'session title failed')
      })
      .finally(() => {
        this.#work = undefined
      })
  }

  /** Resolves when nothing is asked, and a title that came is stored. */
  async settled(): Promise<void> {
    await this.#work
  }

  async #title(questions: AgentQuestions, turn: TurnRecord): Promise<void> {
    if (!(await this.#isWanted())) return
    const description = describe(turn)
    const title = description === '' ? null : await questions.suggestTitle(description)
    if (title === null) return
    const { state, writer } = this.#process
    const given = { title, titleSource: 'claude' as const }
    // Between two changes of callers, whose title wins.
    await state.change([], async () => {
      if (!(await this.#isWanted())) return
      await writer.write({
        session: given,
        events: [{ type: 'session.updated', turnId: null, payload: given }],
      })
    })
  }

  async #isWanted(): Promise<boolean> {
    const { status, title, settings } = await this.#process.configuration.findSession()
    return status === 'active' && title === null && settings.titles === 'claude'
  }
}

function describe({ prompt, response }: TurnRecord): string {
  const asked =
    typeof prompt === 'string'
      ? prompt
      : prompt.flatMap(block => (block.type === 'text' ? block.text : [])).join('\n')
  return [asked, response ?? '']
    .map(text => text.slice(0, describedCharacters).toWellFormed().trim())
    .filter(text => text !== '')
    .join('\n\n')
}
