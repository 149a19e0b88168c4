import type { ModelInfo } from '../../contract/system.ts'

/** The models of `GET /models` until Claude Code has been inspected: its long-standing aliases. */
export const builtInModels: ModelInfo[] = [
  { id: 'default', name: 'Default', description: 'What Claude Code recommends' },
  { id: 'opus', name: 'Opus', description: 'The newest Opus model' },
  { id: 'sonnet', name: 'Sonnet', description: 'The newest Sonnet model' },
  { id: 'haiku', name: 'Haiku', description: 'The newest Haiku model' },
]
