import type { Preset } from '../../../../src/client/index.ts'
import { TextDiff } from '../../diff/text-diff.tsx'
import { ScrollRegion } from '../../ui/scroll-region.tsx'

type Configuration = Preset['configuration']

const toText = (configuration: Configuration) => `${JSON.stringify(configuration, null, 2)}\n`

/** The difference of two versions. Changed secrets are not seen: both are `***`. */
export function ConfigurationDiff({ before, after }: { before: Configuration; after: Configuration }) {
  return (
    <ScrollRegion label="Changed fields" className="max-h-120 rounded-md border border-line bg-surface py-1">
      <TextDiff before={toText(before)} after={toText(after)} path="configuration.json" />
    </ScrollRegion>
  )
}
