import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError } from '../../../../../src/client/index.ts'
import { client } from '../../../api/connection.ts'
import { workspaceKey } from '../../../api/workspace.ts'

/** A file that was not uploaded. */
export interface FailedUpload {
  file: File
  path: string
  error: unknown
  /** A file of this name is there already. */
  isConflict: boolean
}

export const joinPath = (directory: string, name: string) =>
  directory === '' ? name : `${directory}/${name}`

/** Uploads files one after the other; never replaces a file that is there unless told so. */
export function useUploads(sessionId: string) {
  const queries = useQueryClient()
  const [current, setCurrent] = useState<string | null>(null)
  const [failed, setFailed] = useState<readonly FailedUpload[]>([])

  const put = async (file: File, path: string, replaces: boolean): Promise<FailedUpload | null> => {
    setCurrent(file.name)
    try {
      const headers = replaces ? {} : { 'If-None-Match': '*' }
      await client.call('writeFile', { params: { sessionId }, query: { path }, headers, body: file })
      return null
    } catch (error) {
      const isConflict = error instanceof ApiError && error.code === 'PRECONDITION_FAILED'
      return { file, path, error, isConflict }
    }
  }
  const run = async (
    uploads: readonly { file: File; path: string }[],
    replaces: boolean,
  ): Promise<number> => {
    const failures: FailedUpload[] = []
    for (const { file, path } of uploads) {
      const failure = await put(file, path, replaces)
      if (failure) failures.push(failure)
    }
    setCurrent(null)
    setFailed(before => [
      ...before.filter(other => !uploads.some(({ path }) => path === other.path)),
      ...failures,
    ])
    await queries.invalidateQueries({ queryKey: workspaceKey(sessionId) })
    return uploads.length - failures.length
  }
  return {
    /** The name of the file that is being uploaded; null: none. */
    current,
    failed,
    /** @returns how many were uploaded */
    upload: (files: readonly File[], directory: string) =>
      run(
        files.map(file => ({ file, path: joinPath(directory, file.name) })),
        false,
      ),
    replace: (uploads: readonly FailedUpload[]) => run(uploads, true),
    forget: () => setFailed([]),
  }
}

export type Uploads = ReturnType<typeof useUploads>
