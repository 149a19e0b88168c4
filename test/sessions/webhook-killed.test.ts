import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createSealer } from '../../src/lib/sealed-text.ts'
import { openForwarder } from '../forwarder/open-forwarder.ts'
import { caller, openSessions, temporaryDirectory, until } from '../support/open-sessions.ts'
import { openReceiver, verify } from '../support/webhook-receiver.ts'

const program = fileURLToPath(new URL('../fixtures/killed-before-webhook.ts', import.meta.url))

test('a server that is killed between the commit and the delivery delivers after its next start', async () => {
  const receiver = await openReceiver()
  const file = `${temporaryDirectory()}/store.db`
  const key = randomBytes(32)
  const child = spawn(process.execPath, ['--no-warnings', program, file, key.toString('hex'), receiver.url], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = text(child.stdout)
  const [, signal] = await once(child, 'close')
  expect(signal).toBe('SIGKILL')
  const { webhookId, secret, sessionId } = JSON.parse(await said)
  expect(receiver.received).toEqual([])
  const { forwarder } = await openForwarder({ allowedPrivateHosts: [receiver.host] })
  const allowedPrivateHosts = [receiver.host]
  const { sessions } = await openSessions({
    ...{ file, allowedPrivateHosts, sender: forwarder, sealer: createSealer([key]) },
  })
  await until(() => receiver.received.length === 1)
  const [got] = receiver.received
  if (!got) throw new Error('nothing received')
  verify(got, secret)
  expect(got.payload).toMatchObject({ type: 'session.ended', data: { sessionId } })
  await until(() => sessions.webhooks.get(caller, webhookId).lastDeliveredAt !== null)
})
