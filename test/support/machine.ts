import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { runsLong } from './lanes.ts'

interface Requirement {
  /** Where it is; undefined on a machine that lacks it. */
  find(): string | undefined
  /** The test files that need it. Each has tests that run without it. */
  files: readonly string[]
  /** What is left untested without it. */
  untested: string
}

/** What some tests need beyond Node and git. `count-reporter.ts` tells at the end of a run what was missing. */
export const requirements = {
  chromium: {
    find: () => findProgram('chromium', 'chromium-browser', 'google-chrome'),
    files: [
      'test/browser/browser.test.ts',
      'test/browser/client.test.ts',
      'test/browser/console-admin.test.ts',
      'test/browser/console-changes.test.ts',
      'test/browser/console-composer.test.ts',
      'test/browser/console-conversation.test.ts',
      'test/browser/console-hostile.test.ts',
      'test/browser/console-flows.test.ts',
      'test/browser/console-inbox.test.ts',
      'test/browser/console-login.test.ts',
      'test/browser/console-push.test.ts',
      'test/browser/console-screens.test.ts',
      'test/browser/console-sessions.test.ts',
      'test/browser/documents.test.ts',
    ],
    untested:
      'pages in a real browser (CORS, foreign pages, DNS rebinding, the documentation, the client, the console)',
  },
  curl: {
    find: () => findProgram('curl'),
    files: ['test/http/code-samples.test.ts'],
    untested: 'the curl samples of the OpenAPI document',
  },
  python: {
    find: () => findProgram('python3'),
    files: ['test/http/code-samples.test.ts'],
    untested: 'the Python samples of the OpenAPI document',
  },
  nginx: {
    find: () => findProgram('nginx'),
    files: ['test/e2e/nginx.test.ts'],
    untested: 'streams and uploads through nginx with deploy/nginx.conf',
  },
  haproxy: {
    find: () => findProgram('haproxy'),
    files: ['test/e2e/cluster-demo.test.ts'],
    untested: 'three nodes behind HAProxy with deploy/haproxy.cfg',
  },
  bubblewrap: {
    find: () => findProgram('bwrap'),
    files: [
      'test/e2e/isolation.test.ts',
      'test/e2e/isolation-lifetime.test.ts',
      'test/e2e/isolation-network.test.ts',
      'test/workspace/git-box.test.ts',
    ],
    untested: 'the isolation of Claude Code and git in boxes',
  },
} as const satisfies Record<string, Requirement>

/** One line for each requirement that the run's files have and the machine lacks, and whether that fails the run. */
export function describeLacks(files: readonly string[]): { lines: string[]; fails: boolean } {
  const missing = Object.entries<Requirement>(requirements).filter(
    ([, { find, files: needing }]) =>
      needing.some(name => files.some(file => file.endsWith(name))) && !find(),
  )
  const lines = missing.map(
    ([name, { untested }]) => `not tested, because this machine has no ${name}: ${untested}`,
  )
  return { lines, fails: runsLong && missing.length > 0 }
}

function findProgram(...names: string[]): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
  return names.flatMap(name => directories.map(directory => join(directory, name))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
