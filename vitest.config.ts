import { defineConfig } from 'vitest/config'

// Real processes, real sockets: bounds are generous because the machine may be slow and shared.
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    globalSetup: ['test/support/postgres/global-setup.ts'],
    maxWorkers: 2,
    reporters: ['default', './test/support/count-reporter.ts'],
  },
})
