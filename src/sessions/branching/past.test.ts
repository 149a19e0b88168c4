import { describe, expect, test } from 'vitest'
import { isRewound, rewindRanges, toConversation } from './past.ts'

const mark = (sequence: number) => ({ turnId: `turn-${sequence}`, sequence })

describe('what has been rewound', () => {
  test('is everything from the prompt on', () => {
    const prompts = [3, 10, 20].map(mark)
    const rewound = rewindRanges([], prompts, mark(10), 25)
    expect(rewound).toEqual([{ from: 10, to: 25 }])
    expect(toConversation(prompts, rewound)).toEqual([mark(3)])
    expect([9, 10, 25, 26].map(sequence => isRewound(rewound, sequence))).toEqual([false, true, true, false])
    expect(isRewound(rewound, null)).toBe(false)
  })

  test('stays apart where something that counts lies between', () => {
    const rewound = [{ from: 10, to: 25 }]
    const prompts = [3, 30, 40].map(mark)
    expect(rewindRanges(rewound, prompts, mark(40), 45)).toEqual([
      { from: 10, to: 25 },
      { from: 40, to: 45 },
    ])
  })

  test('becomes one where nothing does', () => {
    const rewound = [
      { from: 10, to: 25 },
      { from: 40, to: 45 },
    ]
    const prompts = [3, 30, 50].map(mark)
    expect(rewindRanges(rewound, prompts, mark(50), 60)).toEqual([
      { from: 10, to: 25 },
      { from: 40, to: 60 },
    ])
    expect(rewindRanges(rewound, prompts, mark(30), 60)).toEqual([{ from: 10, to: 60 }])
    expect(rewindRanges(rewound, prompts, mark(3), 60)).toEqual([{ from: 3, to: 60 }])
  })
})
