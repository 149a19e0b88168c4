import { Counter, Gauge, type Registry } from 'prom-client'
import { type SessionsFigures, slotStates } from '../../sessions/reports/figures.ts'
import { prefix } from './metric-names.ts'

/**
 * Adds the state of turns, processes and readers, which is read when the metrics are.
 *
 * @param figures returns undefined before the sessions are open
 */
export function addSessionsMetrics(registry: Registry, figures: () => SessionsFigures | undefined): void {
  const registers = [registry]
  new Gauge({
    name: `${prefix}turns`,
    help: 'Unfinished turns; queued: behind an earlier turn of the session, waiting: for a slot',
    labelNames: ['state'],
    registers,
    collect() {
      const { runningTurns = 0, queuedTurns = 0, waitingTurns = 0 } = figures() ?? {}
      this.set({ state: 'running' }, runningTurns)
      this.set({ state: 'queued' }, queuedTurns)
      this.set({ state: 'waiting' }, waitingTurns)
    },
  })
  new Gauge({
    name: `${prefix}slots`,
    help: 'Slots of the process pool by state',
    labelNames: ['state'],
    registers,
    collect() {
      const slots = figures()?.slots
      for (const state of slotStates) this.set({ state }, slots?.[state].count ?? 0)
    },
  })
  new Gauge({
    name: `${prefix}slot_memory_bytes`,
    help: 'Memory of the processes in the slots when it was last sampled',
    labelNames: ['state'],
    registers,
    collect() {
      const slots = figures()?.slots
      for (const state of slotStates) this.set({ state }, slots?.[state].bytes ?? 0)
    },
  })
  new Counter({
    name: `${prefix}evictions_total`,
    help: 'Idle processes that were ended to free their slots',
    registers,
    collect() {
      this.reset()
      this.inc(figures()?.evictions ?? 0)
    },
  })
  new Gauge({
    name: `${prefix}stream_readers`,
    help: 'Readers of live events',
    registers,
    collect() {
      this.set(figures()?.readers ?? 0)
    },
  })
  new Counter({
    name: `${prefix}stream_disconnects_total`,
    help: 'Readers that were disconnected because they were too slow',
    registers,
    collect() {
      this.reset()
      this.inc(figures()?.disconnects ?? 0)
    },
  })
}
