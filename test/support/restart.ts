import { openServer } from './open-server.ts'

type Server = Awaited<ReturnType<typeof openServer>>

/** The same directories, a new server. */
export async function restart(
  { cwd, close }: Server,
  prepare?: (server: Server) => void,
  given: Parameters<typeof openServer>[0] = {},
): Promise<Server> {
  await close()
  const next = await openServer({
    dataDir: `${cwd}/data`,
    defaultCwd: cwd,
    environment: { HOME: cwd, CLAUDE_CONFIG_DIR: `${cwd}/.claude` },
    ...given,
  })
  prepare?.(next)
  return next
}
