import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { endServer } from './shared-server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the first test that needs PostgreSQL notes the server that it has started. */
    postgresDirectory: string
  }
}

/** One PostgreSQL server for a run of tests, started by the first that needs it and ended here. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'claude-code-api-shared-'))
  await writeFile(join(directory, 'run'), String(process.pid))
  project.provide('postgresDirectory', directory)
  return async () => {
    await endServer(directory)
    await rm(directory, { recursive: true, force: true })
  }
}
