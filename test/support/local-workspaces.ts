import { join } from 'node:path'
import { resolveDirectory } from '../../src/sessions/files/working-directory.ts'
import type { Store } from '../../src/sessions/ports/index.ts'
import { Git } from '../../src/workspace/git/git-command.ts'
import type { PortableOptions } from '../../src/workspace/portable/portable-workspaces.ts'
import { createWorkspaces } from '../../src/workspace/workspaces.ts'

/** The directories of sessions as the server has them, with everything below one directory. */
export function localWorkspaces(
  store: Pick<Store, 'fileHistory'>,
  directory: string,
  { isShared = false, portable }: { isShared?: boolean; portable?: PortableOptions } = {},
) {
  const policy = { defaultCwd: directory, allowedRoots: [directory] }
  return createWorkspaces({
    store: store.fileHistory,
    portable,
    dataDir: join(directory, 'data'),
    workspacesDir: join(directory, 'data', 'workspaces'),
    cloneUrls: ['https://'],
    cloneTimeoutMs: 60_000,
    isShared,
    places: { allowedRoots: [directory], reserved: [join(directory, 'data')] },
    git: new Git({ PATH: '/usr/local/bin:/usr/bin:/bin' }, directory),
    resolveDirectory: (path, field) => resolveDirectory(field, path, policy),
    log: { warn: () => {} },
  })
}
