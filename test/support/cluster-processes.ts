import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { endsLater } from './lifetime.ts'

/** How often the list of processes is read, in milliseconds. */
const periodMs = 60

export interface Overlap {
  session: string
  /** Processes of it at the same time: pids, or markers of the heartbeats. */
  processes: string[]
}

/** A process of Claude Code, as the list of processes shows it. */
interface Claude {
  pid: number
  session: string
  /** What the server has given it, and what its children inherit. */
  marker: string
}

/**
 * Looks for sessions with two processes at the same time. Tests beside this one kill servers too, which may leave a
 * process until the next server ends it.
 *
 * @param home the directory with the homes of the processes that count
 */
export function watchProcesses(home: string) {
  const overlaps = new Map<string, Overlap & { looks: number }>()
  const found = new Set<string>()
  let looks = 0
  let isOver = false
  async function watch(): Promise<void> {
    while (!isOver) {
      for (const [session, claudes] of Map.groupBy(listClaudes(home), claude => claude.session)) {
        looks++
        const markers = [...new Set(claudes.map(({ marker }) => marker))].sort()
        for (const marker of markers) found.add(marker)
        if (markers.length < 2) continue
        const key = markers.join()
        overlaps.set(key, { session, processes: markers, looks: (overlaps.get(key)?.looks ?? 0) + 1 })
      }
      await pause(periodMs)
    }
  }
  const watching = watch()
  endsLater(async () => {
    isOver = true
    await watching
  })
  return {
    get overlaps() {
      return [...overlaps.values()]
    },
    get looks() {
      return looks
    },
    /** How many processes the sessions have had. */
    get count() {
      return found.size
    },
  }
}

/** The Claude Code processes of this machine with their sessions; zombies left out. */
export function listClaudes(home = ''): Claude[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8')
        if (!command.includes('--input-format')) return []
        const session = sessionOption.exec(command)?.[1]
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const isZombie = stat[stat.lastIndexOf(')') + 2] === 'Z'
        const environment = readFileSync(`/proc/${name}/environ`, 'utf8')
        if (!environment.includes(`\0HOME=${home}`) && !environment.startsWith(`HOME=${home}`)) return []
        const marker = /(?:^|\0)CLAUDE_CODE_API_PROCESS=([^\0]+)/.exec(environment)?.[1]
        // A process that ends has lost both.
        if (session === undefined || marker === undefined || isZombie) return []
        return [{ pid: Number(name), session, marker }]
      } catch {
        // It ended while we were looking.
        return []
      }
    })
}

const sessionOption = /(?:--session-id|--resume)[\0=][^\0]*?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/

/**
 * A shell command that appends a line to a file ten times a second: the session, the process of it that runs the command,
 * and the time since the machine was started.
 */
export function beatCommand(file: string, session: string, beats: number): string {
  const line = `${session} $CLAUDE_CODE_API_PROCESS $up`
  return `for i in $(seq ${beats}); do read up rest < /proc/uptime; echo "${line}" >> ${file}; sleep 0.1; done`
}

/** The heartbeats, and the sessions of which two processes beat in turns. */
export function readBeats(file: string): { beats: number; overlaps: Overlap[] } {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  const spans = new Map<string, { session: string; process: string; from: number; to: number }>()
  for (const line of lines) {
    const [session = '', process = '', time = ''] = line.split(' ')
    const at = Number(time)
    const span = spans.get(`${session} ${process}`) ?? { session, process, from: at, to: at }
    spans.set(`${session} ${process}`, {
      ...span,
      from: Math.min(span.from, at),
      to: Math.max(span.to, at),
    })
  }
  const overlaps = [...Map.groupBy(spans.values(), ({ session }) => session)].flatMap(
    ([session, ofSession]) => {
      const sorted = ofSession.sort((a, b) => a.from - b.from)
      return sorted.flatMap((span, index) => {
        const before = sorted[index - 1]
        return before && span.from < before.to ? [{ session, processes: [before.process, span.process] }] : []
      })
    },
  )
  return { beats: lines.length, overlaps }
}
