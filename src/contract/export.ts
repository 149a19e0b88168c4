import { z } from 'zod'

export const exportFormats = ['jsonl', 'json', 'markdown', 'html'] as const

export const exportQuery = z.strictObject({
  format: z.enum(exportFormats).default('jsonl').meta({
    description:
      '`jsonl`: one stored message a line; `json`: session, turns and messages as one document; `markdown` and `html`: to be read, large results of tools shortened',
  }),
})

export type ExportFormat = (typeof exportFormats)[number]
