import { defaults, type Operation } from '../operation.ts'
import { searchQuery, searchResponse } from '../search.ts'

export const searchOperations = {
  search: {
    ...defaults,
    method: 'get',
    path: '/search',
    scopes: ['sessions:read'],
    tag: 'Sessions',
    summary: 'Search in titles, prompts and answers, newest first',
    query: searchQuery,
    success: [{ status: 200, description: 'One page', schema: searchResponse }],
    errors: ['TENANT_NOT_ALLOWED'],
    audit: { action: 'session.search', when: 'refusal' },
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>
