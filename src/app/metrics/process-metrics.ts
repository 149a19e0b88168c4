import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, type Registry } from 'prom-client'
import { prefix } from './metric-names.ts'

const resolutionMs = 20
const perSecond = 1e9

/**
 * Adds the state of this process. Claude Code's processes are not part of it.
 *
 * @returns ends the sampling of the event loop
 */
export function addProcessMetrics(registry: Registry, version: string): () => void {
  const registers = [registry]
  new Gauge({
    name: `${prefix}build_info`,
    help: 'Always 1; the labels are the versions',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.version }, 1)
  new Gauge({
    name: `${prefix}process_start_time_seconds`,
    help: 'Start of the process, in seconds since the epoch',
    registers,
  }).set(Math.round(performance.timeOrigin / 1000))
  new Gauge({
    name: `${prefix}process_resident_memory_bytes`,
    help: 'Resident memory of the server',
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  new Counter({
    name: `${prefix}process_cpu_seconds_total`,
    help: 'Processor time of the server',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  new Gauge({
    name: `${prefix}event_loop_delay_seconds`,
    help: 'Delay of the event loop since the metrics were last read',
    labelNames: ['quantile'],
    registers,
    collect() {
      // Without a sample the figures are those of an empty histogram, which are not numbers of seconds.
      if (delay.count === 0) return
      for (const [quantile, value] of [
        ['0.5', delay.percentile(50)],
        ['0.99', delay.percentile(99)],
        ['1', delay.max],
      ] as const) {
        this.set({ quantile }, Math.max(0, value / perSecond - resolutionMs / 1000))
      }
      delay.reset()
    },
  })
  return () => delay.disable()
}
