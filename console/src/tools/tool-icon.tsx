import {
  Bot,
  CircleHelp,
  FilePen,
  FileText,
  Globe,
  ListTodo,
  type LucideIcon,
  Map as MapIcon,
  Plug,
  Search,
  Sparkles,
  SquareTerminal,
  Wrench,
} from 'lucide-react'
import { readMcpName } from './input-fields.ts'

const icons: Record<string, LucideIcon> = {
  Bash: SquareTerminal,
  PowerShell: SquareTerminal,
  Monitor: SquareTerminal,
  Read: FileText,
  Write: FilePen,
  Edit: FilePen,
  MultiEdit: FilePen,
  NotebookEdit: FilePen,
  Glob: Search,
  Grep: Search,
  WebFetch: Globe,
  WebSearch: Globe,
  TodoWrite: ListTodo,
  Agent: Bot,
  Task: Bot,
  Skill: Sparkles,
  AskUserQuestion: CircleHelp,
  ExitPlanMode: MapIcon,
}

export function ToolIcon({ name, className = 'size-4 shrink-0' }: { name: string; className?: string }) {
  const Icon = (Object.hasOwn(icons, name) && icons[name]) || (readMcpName(name) ? Plug : Wrench)
  return <Icon aria-hidden className={className} />
}
