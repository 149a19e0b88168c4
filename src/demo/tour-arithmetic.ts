import { say, type TourItem } from './tour-item.ts'

const operations: Record<string, (a: bigint, b: bigint) => string> = {
  plus: (a, b) => `${a + b}`,
  minus: (a, b) => `${a - b}`,
  times: (a, b) => `${a * b}`,
  'divided by': (a, b) => {
    if (b === 0n) return 'not defined'
    return a % b === 0n ? `${a / b}` : `${a / b}, remainder ${a % b}`
  },
}

const otherNames: Record<string, string> = {
  '+': 'plus',
  '-': 'minus',
  '*': 'times',
  '×': 'times',
  x: 'times',
  'multiplied by': 'times',
  '/': 'divided by',
  '÷': 'divided by',
}

const opening = String.raw`^(?:what(?:'s| is)|how much is|compute|calculate)?\s*`
const operator = `(plus|minus|times|divided by|multiplied by|[-+*x×/÷])`

export const arithmeticTour: readonly TourItem[] = [
  {
    name: 'arithmetic',
    sample: 'What is 6 times 7?',
    shows: 'answer a question (two whole numbers, really computed)',
    when: new RegExp(String.raw`${opening}(-?\d{1,300})\s*${operator}\s*(-?\d{1,300})\s*[?.=]*$`, 'i'),
    answer: (_prompt, [, left = '0', sign = '', right = '0']) => {
      const name = otherNames[sign.toLowerCase()] ?? sign.toLowerCase()
      return say(`${left} ${name} ${right} is ${operations[name]?.(BigInt(left), BigInt(right))}.`)
    },
  },
]
