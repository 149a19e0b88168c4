import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { CreatePresetRequest, CreatePresetVersionRequest, Preset } from '../../../src/client/index.ts'
import { client } from './connection.ts'
import { useBoundSession, useLogin, useMay } from './login-context.tsx'

const presetsKey = ['presets']

export type ArchivedFilter = 'false' | 'true' | 'all'

/** Whether the person can make, change and archive presets. */
export function useMayManagePresets(): boolean {
  const isAdmin = useMay('admin')
  return useBoundSession() === null && isAdmin
}

/** The presets of the person's tenant by name, each with its newest version. */
export function usePresets(archived: ArchivedFilter = 'false') {
  const { tenant } = useLogin().caller
  return useQuery({
    queryKey: [...presetsKey, 'list', tenant, archived],
    async queryFn({ signal }) {
      const presets: Preset[] = []
      const pages = client.presets({ tenant, archived, limit: 50 }, { signal })
      for await (const preset of pages) presets.push(preset)
      return presets
    },
  })
}

/** The versions of a preset, newest first, page by page. */
export function usePresetVersions(preset: string) {
  const { tenant } = useLogin().caller
  return useInfiniteQuery({
    queryKey: [...presetsKey, 'versions', tenant, preset],
    queryFn: ({ signal, pageParam }) => {
      const query = { tenant, limit: 20, cursor: pageParam }
      return client.call('listPresetVersions', { params: { preset }, query }, { signal })
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ pagination }) => pagination.nextCursor ?? undefined,
  })
}

/** One version of a preset; versions never change. */
export function usePresetVersion(preset: string, version: number | null) {
  const { tenant } = useLogin().caller
  return useQuery({
    queryKey: [...presetsKey, 'version', tenant, preset, version],
    enabled: version !== null,
    queryFn: ({ signal }) =>
      client.call(
        'getPreset',
        { params: { preset }, query: { tenant, version: version ?? undefined } },
        { signal },
      ),
  })
}

/** The newest version as it is now, to begin the next one with; it is not replaced by a newer one meanwhile. */
export function useNewestVersion(preset: string) {
  const { tenant } = useLogin().caller
  return useQuery({
    queryKey: [...presetsKey, 'newest', tenant, preset],
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) => client.call('getPreset', { params: { preset }, query: { tenant } }, { signal }),
  })
}

export function useCreatePreset() {
  const { tenant } = useLogin().caller
  const refresh = useRefresh()
  return useMutation({
    mutationFn: (body: CreatePresetRequest) => client.call('createPreset', { query: { tenant }, body }),
    onSuccess: refresh,
  })
}

export function useAddPresetVersion(preset: string) {
  const { tenant } = useLogin().caller
  const refresh = useRefresh()
  return useMutation({
    mutationFn: (body: CreatePresetVersionRequest) =>
      client.call('createPresetVersion', { params: { preset }, query: { tenant }, body }),
    onSuccess: refresh,
  })
}

/** Archives a preset, or makes it usable again. */
export function useArchivePreset(preset: string) {
  const { tenant } = useLogin().caller
  const refresh = useRefresh()
  return useMutation({
    mutationFn: (archived: boolean) =>
      client.call('patchPreset', { params: { preset }, query: { tenant }, body: { archived } }),
    onSuccess: refresh,
  })
}

/** Deletes a preset with all its versions, and has the lists read again. */
export function useDeletePreset(preset: string) {
  const { tenant } = useLogin().caller
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => client.call('deletePreset', { params: { preset }, query: { tenant } }),
    onSuccess: () => {
      // Its own screen may still be open: what it shows is stale, but there is nothing to read again.
      void queries.invalidateQueries({ queryKey: presetsKey, refetchType: 'none' })
      void queries.invalidateQueries({ queryKey: [...presetsKey, 'list'] })
    },
  })
}

/** Has the lists read again. What a person is editing stays. */
function useRefresh() {
  const queries = useQueryClient()
  return () => {
    const isEdited = (key: readonly unknown[]) => key[1] === 'newest'
    return queries.invalidateQueries({
      queryKey: presetsKey,
      predicate: ({ queryKey }) => !isEdited(queryKey),
    })
  }
}
