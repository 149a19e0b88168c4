import { apiError, knownErrorStatuses } from './answer.ts'
import { mark, say, type TourItem } from './tour-item.ts'

export const failureTour: readonly TourItem[] = [
  {
    name: 'fail',
    sample: 'Fail with 401',
    shows: `give an error of the model's API (${knownErrorStatuses.join(', ')}; "Fail slowly with 529": Claude Code tries for minutes)`,
    when: /^(?:please )?fail (slowly )?with (\d{3})\b/i,
    answer: (_prompt, [, slowly, status = '']) => {
      if (!knownErrorStatuses.includes(Number(status)))
        return say(`I can fail with ${knownErrorStatuses.join(', ')}, not with ${status}.`)
      // Claude Code tries 401, 429, 500 and 529 ten times again, three minutes long, unless it is told not to.
      const retries = slowly ? {} : { shouldRetry: false }
      return apiError(Number(status), { ...retries, message: `${mark} You asked me to fail with ${status}` })
    },
  },
  {
    name: 'break off',
    sample: 'Break off',
    shows: 'let the connection break in the middle of the answer, each time that Claude Code tries again',
    when: /^(?:please )?break off\b/i,
    answer: () => say('This answer breaks off in the middle of a sentence that', { breakAfterFragments: 3 }),
  },
  {
    name: 'refuse',
    sample: 'Refuse',
    shows: "refuse (the model's own stop reason for it)",
    when: /^(?:please )?refuse\b/i,
    answer: () => say('I refuse, as you asked.', { stopReason: 'refusal' }),
  },
  {
    name: 'limit',
    sample: 'Stop at the limit',
    shows: 'end at the limit of output tokens, each time that it is asked to go on',
    when: /^(?:please )?stop at the limit\b/i,
    answer: () => say('This answer ends at the limit of output tokens, here:', { stopReason: 'max_tokens' }),
  },
]
