import { thinking, together } from './answer.ts'
import { mark, say, shorten, type TourItem } from './tour-item.ts'

const slowestCount = 300
const longestAnswer = 16 * 1024 * 1024
const words = ['one', 'river', 'carries', 'many', 'small', 'boats', 'slowly', 'towards', 'the', 'sea']

export const deliveryTour: readonly TourItem[] = [
  {
    name: 'think',
    sample: 'Think about the sea',
    shows: 'think before answering',
    when: /^(?:please )?think (?:hard )?(?:about|over)?\s*(.+)/is,
    answer: (_prompt, [, subject = '']) => {
      const about = shorten(subject.trim(), 200)
      return together(
        thinking(
          `${mark} They ask about: ${about}. I cannot think, but I can show what a thought looks like.`,
        ),
        say(`I have thought about: ${about}. (I only show how a thought travels.)`),
      )
    },
  },
  {
    name: 'slow',
    sample: 'Count slowly to 10',
    shows: 'stream slowly, a number every 200 ms',
    when: /^(?:please )?count slowly to (\d{1,9})/i,
    answer: (_prompt, [, last = '1']) => {
      const count = Math.min(Number(last), slowestCount)
      const numbers = Array.from({ length: count }, (_, index) => index + 1)
      return say(`I count to ${count}:\n${numbers.join('\n')}\n`, { delayMs: 200, fragmentSize: 'line' })
    },
  },
  {
    name: 'long',
    sample: 'Write 2000 words',
    shows: 'give a long answer (words, or "Write 500 kilobytes")',
    when: /^(?:please )?write (\d{1,9}) (words|kilobytes|kb|megabytes|mb)\b/i,
    answer: (_prompt, [, amount = '0', unit = '']) => say(toLongText(Number(amount), unit.toLowerCase())),
  },
]

function toLongText(amount: number, unit: string): string {
  if (unit === 'words') return toWordsOf(Math.min(amount, longestAnswer / 8))
  const bytes = Math.min(amount * (unit.startsWith('k') ? 1024 : 1024 * 1024), longestAnswer)
  const line = `${toWordsOf(words.length)}\n`
  return line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes)
}

function toWordsOf(count: number): string {
  return Array.from({ length: count }, (_, index) => words[index % words.length]).join(' ')
}
