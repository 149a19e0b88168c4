import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError, ConnectionError } from '../../../src/client/index.ts'
import { endLogin } from './login-context.tsx'

/** The cache of the server's answers. An answer with status 401 leads back to the login. */
export const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noticeLogout }),
  mutationCache: new MutationCache({ onError: noticeLogout }),
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // The client repeats what can be repeated.
      retry: (count, error) => error instanceof ConnectionError && count < 3,
    },
  },
})

export function noticeLogout(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) endLogin(queries)
}
