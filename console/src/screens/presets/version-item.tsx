import type { Preset } from '../../../../src/client/index.ts'
import { CodeBlock } from '../../code/code-block.tsx'
import { revealText } from '../../lib/revealed-text.ts'
import { FieldList } from '../../tools/field-list.tsx'
import { Fold } from '../../ui/fold.tsx'
import { Badge } from '../../ui/small-parts.tsx'
import { ConfigurationDiff } from './configuration-diff.tsx'
import { MadeBy } from './made-by.tsx'

interface VersionItemProps {
  preset: Preset
  /** The version before, if it is known. */
  previous: Preset | undefined
  isOpen: boolean
}

/** A version: what is new, who made it, and its configuration. Secrets are `***`, as the server shows them. */
export function VersionItem({ preset, previous, isOpen }: VersionItemProps) {
  const { version, description, configuration, metadata } = preset
  const isEmpty = Object.keys(configuration).length === 0
  return (
    <li className="card p-1">
      <Fold
        name={null}
        isOpen={isOpen}
        title={
          <span className="flex min-w-0 flex-wrap items-center gap-x-2">
            <Badge>version {version}</Badge>
            {description !== null && <bdi className="min-w-0 break-words">{revealText(description)}</bdi>}
            <MadeBy preset={preset} />
          </span>
        }
      >
        {isEmpty ? (
          <p className="text-muted">It sets nothing: sessions have the server's defaults.</p>
        ) : (
          <FieldList fields={configuration} />
        )}
        {Object.keys(metadata).length > 0 && (
          <CodeBlock
            code={JSON.stringify(metadata, null, 2)}
            language="json"
            name="Metadata"
            label="Metadata"
          />
        )}
        {previous && (
          <Fold
            name={null}
            title={<span className="text-xs text-muted">Changes since version {previous.version}</span>}
          >
            <ConfigurationDiff before={previous.configuration} after={configuration} />
          </Fold>
        )}
        <Fold name={null} title={<span className="text-xs text-muted">As JSON</span>}>
          <CodeBlock code={JSON.stringify(configuration, null, 2)} language="json" name="Configuration" />
        </Fold>
      </Fold>
    </li>
  )
}
