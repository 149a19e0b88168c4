import type { PromptMark, SequenceRange } from '../ports/index.ts'

/** Whether what stands there in the log no longer counts. */
export function isRewound(rewound: readonly SequenceRange[], sequence: number | null): boolean {
  return sequence !== null && rewound.some(({ from, to }) => from <= sequence && sequence <= to)
}

/** Says of what stands there whether it no longer counts. */
export function markRewound<T extends object>(
  record: T,
  sequence: number | null,
  rewound: readonly SequenceRange[],
): T | (T & { rewound: true }) {
  return isRewound(rewound, sequence) ? { ...record, rewound: true } : record
}

/** The prompts that the conversation consists of, as Claude is told them. */
export function toConversation(
  prompts: readonly PromptMark[],
  rewound: readonly SequenceRange[],
): PromptMark[] {
  return prompts.filter(({ sequence }) => !isRewound(rewound, sequence))
}

/**
 * Returns the ranges that no longer count after a rewind to before a prompt. Adjacent ranges are merged, so there are
 * never more ranges than prompts that count.
 */
export function rewindRanges(
  rewound: readonly SequenceRange[],
  conversation: readonly PromptMark[],
  { sequence }: PromptMark,
  lastSequence: number,
): SequenceRange[] {
  const lastKept = conversation.findLast(prompt => prompt.sequence < sequence)?.sequence ?? 0
  const kept = rewound.filter(({ from }) => from < lastKept)
  const from = Math.min(sequence, ...rewound.slice(kept.length).map(range => range.from))
  return [...kept, { from, to: lastSequence }]
}
