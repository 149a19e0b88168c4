import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Session, SessionClient } from '../client/index.ts'
import { addClientFlags, type ClientFlags, checkId, createClient } from './client-flags.ts'
import { EventPrinter } from './event-printer.ts'
import { reportingFaults } from './report-faults.ts'
import { terminal } from './terminal.ts'

type Flags = ClientFlags & { json: boolean }

/** Adds `sessions` with its commands. */
export function addSessionsCommands(program: Command): void {
  const sessions = program
    .command('sessions')
    .description('list, follow and control the sessions of a running server')
  const add = (name: string, description: string) =>
    addClientFlags(sessions.command(name).description(description)).option(
      '--json',
      'print JSON lines',
      false,
    )

  add('list', 'list sessions, newest activity first')
    .addOption(
      new Option('--status <status>', 'only these sessions')
        .choices(['active', 'expired', 'ended', 'all'])
        .default('active'),
    )
    .option('--limit <count>', 'at most so many', parseCount, 50)
    .action((flags: Flags & { status: 'active'; limit: number }) => reportingFaults(() => list(flags)))

  add('show <id>', 'show one session').action((id: string, flags: Flags) =>
    reportingFaults(async () => show(await sessionOf(id, flags).get(), flags)),
  )

  add('follow <id>', 'print what happens in a session, until it ends')
    .option(
      '--after <sequence>',
      'only what comes after this sequence; "latest": only what is new',
      parseAfter,
      0,
    )
    .action((id: string, flags: Flags & { after: number | 'latest' }) =>
      reportingFaults(() => follow(id, flags)),
    )

  add('interrupt <id>', 'interrupt the running turn of a session')
    .option('--clear-queue', 'also cancel the waiting turns', false)
    .action((id: string, flags: Flags & { clearQueue: boolean }) =>
      reportingFaults(async () => {
        const { interrupted, cancelled } = await sessionOf(id, flags).interrupt({
          clearQueue: flags.clearQueue,
        })
        if (flags.json) terminal.json({ interrupted, cancelled })
        else terminal.line(`interrupted: ${interrupted.length}, cancelled: ${cancelled.length}`)
      }),
    )

  add('end <id>', 'end a session').action((id: string, flags: Flags) =>
    reportingFaults(async () => {
      await sessionOf(id, flags).end()
      if (flags.json) terminal.json({ sessionId: id, status: 'ended' })
      else terminal.line(`session ${id} has ended`)
    }),
  )

  addClientFlags(sessions.command('export <id>').description('write a conversation to standard output'))
    .addOption(
      new Option('--format <format>', 'format of the export')
        .choices(['markdown', 'html', 'json', 'jsonl'])
        .default('markdown'),
    )
    .action((id: string, flags: ClientFlags & { format: 'markdown' }) =>
      reportingFaults(() => exportSession(id, flags)),
    )
}

function sessionOf(id: string, flags: ClientFlags): SessionClient {
  return createClient(flags).session(checkId(id))
}

async function list({
  status,
  limit,
  json,
  ...flags
}: Flags & { status: 'active'; limit: number }): Promise<void> {
  const rows: string[][] = []
  let left = limit
  for await (const session of createClient(flags).sessions({ status, limit: Math.min(limit, 100) })) {
    if (left-- <= 0) break
    if (json) terminal.json(session)
    const state = session.status === 'active' ? session.state : session.status
    rows.push([
      session.sessionId,
      state,
      session.createdAt.slice(0, 16).replace('T', ' '),
      session.title ?? '',
    ])
  }
  if (!json && rows.length > 0) terminal.table([['ID', 'STATE', 'CREATED', 'TITLE'], ...rows])
}

function show(session: Session, { json }: { json: boolean }): void {
  if (json) {
    terminal.json(session)
    return
  }
  terminal.table([
    ['id', session.sessionId],
    ['state', session.status === 'active' ? session.state : session.status],
    ['title', session.title ?? ''],
    ['directory', session.config.cwd],
    ['model', session.model ?? ''],
    ['permissions', session.config.permissionMode],
    ['messages', String(session.messageCount)],
    ['created', session.createdAt],
    ['last activity', session.lastActivity],
    ['expires', session.expiresAt],
  ])
}

async function follow(
  id: string,
  { after, json, ...flags }: Flags & { after: number | 'latest' },
): Promise<void> {
  const printer = new EventPrinter({ showsPrompts: true })
  for await (const event of sessionOf(id, flags).follow({ after, includeDeltas: !json })) {
    if (!json) printer.print(event)
    else if (event.type !== 'reconnected') terminal.json(event)
  }
}

async function exportSession(
  id: string,
  { format, ...flags }: ClientFlags & { format: 'markdown' },
): Promise<void> {
  const client = createClient(flags)
  const response = await client.call('exportSession', {
    params: { sessionId: checkId(id) },
    query: { format },
  })
  const decoder = new TextDecoder()
  for await (const piece of response.body ?? []) {
    if (process.stdout.isTTY) terminal.text(decoder.decode(piece, { stream: true }))
    else if (!process.stdout.write(piece)) await new Promise(resolve => process.stdout.once('drain', resolve))
  }
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1 on.')
}

function parseAfter(text: string): number | 'latest' {
  if (text === 'latest') return text
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a sequence number or "latest".')
}
