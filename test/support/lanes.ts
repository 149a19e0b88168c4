/**
 * Whether storms have their full length and browsers are driven, as with `npm run test:long` and in `.ci/run`. What
 * the machine lacks fails such a run.
 */
export const runsLong = process.env.CLAUDE_CODE_API_TEST_EVERYTHING === '1'

interface Lane {
  name: string
  /** The tests in it; those in the lane `integration` are all that no other lane has. */
  include: string[]
  /** Is run only where `runsLong`. */
  isLong?: true
}

/** The tests by what they cost; ARCHITECTURE.md says what each is for. */
export const lanes: readonly Lane[] = [
  {
    name: 'unit',
    include: [
      'src/**/*.test.ts',
      'console/src/**/*.test.ts',
      'test/architecture*.test.ts',
      'test/pins/**/*.test.ts',
    ],
  },
  { name: 'integration', include: ['test/**/*.test.ts'] },
  { name: 'e2e', include: ['test/e2e/**/*.test.ts', 'test/claude/**/*.test.ts', 'test/doors/**/*.test.ts'] },
  { name: 'chaos', include: ['test/chaos/**/*.test.ts'] },
  { name: 'browser', include: ['test/browser/**/*.test.ts'], isLong: true },
]

/** How long a storm is: what the environment says, else what this run has time for. */
export function stormLength(
  given: string | undefined,
  { short, long }: { short: number; long: number },
): number {
  return Number(given ?? (runsLong ? long : short))
}
