import { Bot, SquareTerminal } from 'lucide-react'
import type { Task } from '../../../src/client/index.ts'
import { revealText } from '../lib/revealed-text.ts'
import { Badge, type Tone } from '../ui/small-parts.tsx'

const tones: Record<Task['status'], Tone> = {
  running: 'accent',
  completed: 'good',
  failed: 'bad',
  stopped: 'neutral',
  lost: 'bad',
}

/** The description of a task, and its state. */
export function TaskName({ task: { agent, description, status } }: { task: Task }) {
  const Icon = agent === null ? SquareTerminal : Bot
  return (
    <>
      <Icon aria-hidden className="size-3.5 shrink-0 text-muted" />
      {agent !== null && <bdi className="shrink-0 font-medium">{revealText(agent)}</bdi>}
      <bdi className="truncate">{revealText(description)}</bdi>
      <Badge tone={tones[status]}>{status}</Badge>
    </>
  )
}
