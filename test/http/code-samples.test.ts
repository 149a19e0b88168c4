import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { getOperation, type OperationId, operationIds } from '../../src/contract/operations.ts'
import { type CodeSample, toCodeSamples } from '../../src/contract/samples/code-samples.ts'
import { toSampleRequest } from '../../src/contract/samples/sample-request.ts'
import { createClient } from '../support/client.ts'
import { endsLater, openOnce } from '../support/lifetime.ts'
import { requirements } from '../support/machine.ts'
import { openSessions, temporaryDirectory } from '../support/open-sessions.ts'
import { key, openDoor } from './open-door.ts'
import { scenarios } from './operation-scenarios.ts'

const run = promisify(execFile)
const curl = requirements.curl.find()
const python = requirements.python.find()

const shared = openOnce(async () => {
  const { sessions } = await openSessions({ maxSessions: 200 })
  const door = await openDoor({ service: sessions, config: { rateLimit: { enabled: false } } })
  endsLater(() => door[Symbol.asyncDispose]())
  return { door, client: createClient(door.url, key) }
})

const sourceOf = (id: OperationId, label: CodeSample['label']) =>
  toCodeSamples(id).find(sample => sample.label === label)?.source ?? ''

/** The variables of a sample, for a session on which the operation can succeed. */
async function prepare(id: OperationId): Promise<Record<string, string>> {
  const { door, client } = shared()
  const sessionId = await client.createSession()
  const { turnId } = (await client.ask(sessionId, 'first')).body
  const ids: Record<string, string> = { sessionId, turnId, ...(await scenarios[id].prepare?.(client)) }
  return {
    PATH: process.env.PATH ?? '',
    API: door.url,
    KEY: key,
    SESSION: ids.sessionId ?? '',
    TURN: ids.turnId ?? '',
    PERMISSION: ids.permissionId ?? '',
    ATTACHMENT: ids.attachmentId ?? '',
    TASK: ids.taskId ?? '',
    WEBHOOK: ids.webhookId ?? '',
    SUBSCRIPTION: ids.subscriptionId ?? '',
    KEY_ID: ids.keyId ?? '',
    DELIVERY: ids.deliveryId ?? '',
    SERVER: ids.server ?? '',
    PRESET: ids.preset ?? '',
  }
}

/** What a sample has printed must be the operation's response. */
function expectResponse(id: OperationId, printed: string, cwd: string): void {
  const { output, file } = toSampleRequest(id)
  if (output === 'status') expect(printed.trim()).toMatch(/^(204)?$/)
  else if (output === 'file') expect(readFileSync(join(cwd, file ?? '')).length).toBeGreaterThan(20)
  else if (output === 'stream') expect(printed).toMatch(/^event: (complete|turn\.completed)$/m)
  // The router of this test has no metrics.
  else if (id === 'getMetrics') expect(printed).toBe('')
  else if (output === 'text') expect(printed).not.toBe('')
  else {
    const schemas = getOperation(id).success.flatMap(({ schema }) => (schema ? [schema as z.ZodType] : []))
    const body = JSON.parse(printed)
    expect(schemas.some(schema => schema.safeParse(body).success)).toBe(true)
  }
}

if (curl !== undefined) {
  test.each(operationIds)('the curl sample of %s runs', async id => {
    const cwd = temporaryDirectory()
    const env = await prepare(id)
    const { stdout } = await run('/bin/sh', ['-c', sourceOf(id, 'curl')], { cwd, env })
    expectResponse(id, stdout, cwd)
  })
}

describe('TypeScript samples', () => {
  /** The samples as files of a project with this project's types and compiler options. */
  function writeSamples(): string {
    const directory = temporaryDirectory()
    const root = join(import.meta.dirname, '../..')
    const options = { typeRoots: [join(root, 'node_modules/@types')], composite: false, noEmit: true }
    const config = { extends: join(root, 'tsconfig.json'), compilerOptions: options, include: ['*.ts'] }
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config))
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    mkdirSync(join(directory, 'node_modules'))
    for (const id of operationIds) writeFileSync(join(directory, `${id}.ts`), sourceOf(id, 'TypeScript'))
    return directory
  }

  test('have no type errors', async () => {
    const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc')
    const { stdout } = await run(tsc, ['-p', writeSamples()]).catch(error => error)
    expect(stdout).toBe('')
  })

  test.each(['sendMessage', 'streamMessage', 'rewindSession', 'getArchive'] as const)('%s runs', async id => {
    const cwd = writeSamples()
    const env = await prepare(id)
    const { stdout } = await run(process.execPath, ['--no-warnings', `${id}.ts`], { cwd, env })
    if (toSampleRequest(id).output === 'json') expect(stdout).toMatch(/^\{/)
    else expectResponse(id, stdout, cwd)
  })
})

if (python !== undefined) {
  describe('Python samples', () => {
    test('compile', async () => {
      const files = operationIds.map(id => [id, sourceOf(id, 'Python')])
      const program =
        'import sys, json\nfor name, source in json.load(sys.stdin): compile(source, name, "exec")'
      const compiling = run(python, ['-c', program])
      compiling.child.stdin?.end(JSON.stringify(files))
      await expect(compiling).resolves.toMatchObject({ stderr: '' })
    })

    test.each(['sendMessage', 'streamMessage', 'writeFile', 'stopTask', 'endSession', 'getArchive'] as const)(
      '%s runs',
      async id => {
        const cwd = temporaryDirectory()
        const env = await prepare(id)
        const { stdout } = await run(python, ['-c', sourceOf(id, 'Python')], { cwd, env })
        if (toSampleRequest(id).output === 'json') expect(stdout).toMatch(/^\{/)
        else expectResponse(id, stdout, cwd)
      },
    )
  })
}

test('samples name the variables that they use, and no id of the examples', () => {
  for (const id of operationIds) {
    for (const { source } of toCodeSamples(id)) {
      for (const name of toSampleRequest(id).variables) expect(source).toContain(name)
      expect(source).not.toMatch(/undefined|[0-9a-f]{8}-[0-9a-f]{4}-/)
    }
  }
})
