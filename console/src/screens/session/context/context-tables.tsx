import type { GetContextResponse } from '../../../../../src/client/index.ts'
import { countOf } from '../../../lib/format.ts'
import { revealText } from '../../../lib/revealed-text.ts'

interface Item {
  name: string
  note: string
  tokens: number
}

/** The files, tools, agents and skills in the window. */
export function ContextTables({ context }: { context: GetContextResponse }) {
  const { memoryFiles, mcpTools, agents, skills } = context
  return (
    <>
      <Table
        title="Instructions"
        items={memoryFiles.map(({ path, type, tokens }) => ({ name: path, note: type, tokens }))}
      />
      <Table
        title="MCP tools"
        items={mcpTools.map(({ name, server, tokens }) => ({ name, note: server, tokens }))}
      />
      <Table
        title="Agents"
        items={agents.map(({ name, source, tokens }) => ({ name, note: source, tokens }))}
      />
      <Table
        title="Skills"
        items={skills.map(({ name, source, tokens }) => ({ name, note: source, tokens }))}
      />
    </>
  )
}

function Table({ title, items }: { title: string; items: Item[] }) {
  if (items.length === 0) return null
  return (
    <section>
      <h2 className="mb-1 text-xs font-semibold text-muted">{title}</h2>
      <ul className="divide-y divide-line">
        {items.map(({ name, note, tokens }) => (
          <li key={`${note} ${name}`} className="flex items-baseline gap-3 py-1">
            <bdi className="min-w-0 flex-1 wrap-anywhere">{revealText(name)}</bdi>
            <bdi className="text-xs text-muted">{revealText(note)}</bdi>
            <span className="text-muted tabular-nums">{countOf(tokens, 'token')}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
