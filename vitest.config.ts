import { defineConfig } from 'vitest/config'
import { lanes, runsLong } from './test/support/lanes.ts'

/** Programs that prepare a lane, where it is not the PostgreSQL server. */
const setups: Record<string, string[]> = { unit: [], browser: ['test/support/build-console.ts'] }

export default defineConfig({
  test: {
    projects: lanes
      .filter(({ isLong }) => runsLong || !isLong)
      .map(({ name, include }) => ({
        test: {
          name,
          include,
          exclude:
            name === 'integration'
              ? lanes.filter(lane => lane.name !== name).flatMap(lane => lane.include)
              : [],
          // Pure functions share their worker; other tests change clocks and look at what is left in their process.
          isolate: name !== 'unit',
          pool: name === 'unit' ? 'threads' : 'forks',
          globalSetup: setups[name] ?? ['test/support/postgres/global-setup.ts'],
          // Real processes, real sockets: bounds are generous because the machine may be slow and shared.
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 60_000 } },
        },
      })),
    maxWorkers: 3,
    reporters: ['default', './test/support/count-reporter.ts'],
  },
})
