import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testCertificate, testCertificateKey } from '../fixtures/test-certificate.ts'
import { freePort } from './free-port.ts'
import { endsLater } from './lifetime.ts'
import { temporaryDirectory, until } from './open-sessions.ts'

/** The file that is tested. */
export const site = readFileSync(join(import.meta.dirname, '../../deploy/nginx.conf'), 'utf8')

/** nginx with `deploy/nginx.conf` on a port of its own without TLS, in front of the server; ended after the test. */
export async function openNginx(program: string, upstream: string): Promise<string> {
  const port = await freePort()
  const directory = writeConfiguration(
    replaceEach(site, [
      ['server 127.0.0.1:3050;', `server ${new URL(upstream).host};`],
      ['listen 443 ssl http2;', `listen 127.0.0.1:${port};`],
      [/\n *ssl_certificate .*\n *ssl_certificate_key .*/, ''],
    ]),
  )
  const run = start(program, directory, [])
  endsLater(async () => {
    run.child.kill('SIGQUIT')
    await run.ended
  })
  const url = `http://127.0.0.1:${port}`
  await until(async () => {
    if (run.child.exitCode !== null) throw new Error(`nginx ended: ${run.output()}`)
    return fetch(url).then(
      response => response.body?.cancel().then(() => true) ?? true,
      () => false,
    )
  })
  return url
}

/** What nginx itself has to say about the whole file, TLS included. */
export async function checkSite(program: string): Promise<{ code: number | null; output: string }> {
  const directory = writeConfiguration(
    replaceEach(site, [
      ['listen 443 ', 'listen unix:test.sock '],
      [/ssl_certificate .*/, 'ssl_certificate test.crt;'],
      [/ssl_certificate_key .*/, 'ssl_certificate_key test.key;'],
    ]),
  )
  writeFileSync(join(directory, 'test.crt'), testCertificate)
  writeFileSync(join(directory, 'test.key'), testCertificateKey)
  const run = start(program, directory, ['-t'])
  return { code: await run.ended, output: run.output() }
}

/** Throws if the file has changed so that a replacement has no place any more. */
function replaceEach(text: string, replacements: readonly [string | RegExp, string][]): string {
  return replacements.reduce((result, [from, to]) => {
    const replaced = result.replace(from, to)
    if (replaced === result) throw new Error(`deploy/nginx.conf has no ${from}`)
    return replaced
  }, text)
}

function writeConfiguration(siteText: string): string {
  const directory = temporaryDirectory()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${name};`,
  )
  const http = ['access_log off;', ...temporary, siteText].join('\n')
  const main = `daemon off; master_process off; pid nginx.pid; error_log stderr; events {}\nhttp {\n${http}\n}\n`
  writeFileSync(join(directory, 'nginx.conf'), main)
  return directory
}

function start(program: string, directory: string, args: readonly string[]) {
  const child = spawn(program, ['-p', directory, '-e', 'stderr', '-c', 'nginx.conf', ...args], {
    cwd: directory,
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    output += text
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  return { child, ended, output: () => output }
}
