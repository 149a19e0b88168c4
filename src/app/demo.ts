import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStandInModel } from '../demo/stand-in-model.ts'
import { type RunningServer, type ServeOptions, serve } from './serve.ts'
import { makeKey } from './server-key.ts'

export interface RunningDemo extends RunningServer {
  readonly key: string
}

/**
 * Serves with the stand-in in place of the model's API, so no account is needed. Claude Code is real, has its own
 * home directory and reaches only the stand-in. `close` removes both.
 */
export async function serveDemo(options: ServeOptions): Promise<RunningDemo> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'claude-code-api-demo-')))
  const workspace = join(home, 'workspace')
  await mkdir(workspace)
  const model = await openStandInModel({ reportsCache: true })
  const leave = async () => {
    await model.close()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
  const key = makeKey()
  try {
    const server = await serve(
      {
        ...options,
        auth: { ...options.auth, apiKeys: [key] },
        dataDir: options.dataDir ?? join(home, 'data'),
        // Each session has a directory of its own, so that the files of one do not surprise another.
        ...(!options.allowedRoots && {
          allowedRoots: [workspace],
          defaultCwd: workspace,
          defaultWorkspace: 'empty',
          keepSpareProcess: false,
        }),
        sessionTitles: options.sessionTitles ?? 'claude',
        doors: options.doors ?? ['all'],
        // Not those of the environment, which are there for other servers.
        trustedRoots: options.trustedRoots ?? [],
      },
      ({ PATH = '' }) => ({
        PATH,
        HOME: home,
        CLAUDE_CONFIG_DIR: join(home, 'claude'),
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'stand-in',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        CLAUDE_CODE_MAX_RETRIES: '1',
      }),
    )
    const close = async () => {
      await server.close()
      await leave()
    }
    return {
      ...server,
      // Read anew each time: a copy would stay at what it was.
      get runningTurns() {
        return server.runningTurns
      },
      key,
      close,
    }
  } catch (error) {
    await leave()
    throw error
  }
}
