import { z } from 'zod'

export const exportFormats = ['jsonl', 'json', 'markdown', 'html'] as const

export const exportQuery = z.strictObject({
  format: z.enum(exportFormats).default('jsonl').meta({
    description:
      '`jsonl`: one stored message per line; `json`: session, turns and messages in one document; `markdown` and `html`: for reading, with large tool results shortened',
  }),
})

export type ExportFormat = (typeof exportFormats)[number]
