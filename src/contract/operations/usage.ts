import { defaults, type Operation } from '../operation.ts'
import { usageReport, usageReportQuery } from '../usage.ts'

export const usageOperations = {
  getUsageReport: {
    ...defaults,
    method: 'get',
    path: '/usage',
    scopes: ['usage:read'],
    reach: 'tenant',
    tag: 'System',
    summary: 'Report tokens, costs and turns by day, key, session, model or tenant, as JSON or CSV',
    query: usageReportQuery,
    success: [
      {
        status: 200,
        description:
          'The groups. As CSV the same rows with a header line; a text that a spreadsheet would run begins with an apostrophe',
        schema: usageReport,
        contentType: 'text/csv',
        headers: {
          Link: 'CSV only: the address of the next page, with `rel="next"`; absent on the last page',
        },
      },
    ],
    errors: [],
    audit: { action: 'usage.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>
