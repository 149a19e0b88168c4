import type { ModelInfo } from '../../contract/system.ts'

/** What `GET /models` answers until Claude Code has been asked once: the aliases that it has had for long. */
export const builtInModels: ModelInfo[] = [
  { id: 'default', name: 'Default', description: 'What Claude Code recommends' },
  { id: 'opus', name: 'Opus', description: 'The newest Opus model' },
  { id: 'sonnet', name: 'Sonnet', description: 'The newest Sonnet model' },
  { id: 'haiku', name: 'Haiku', description: 'The newest Haiku model' },
]
