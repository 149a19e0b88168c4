import { useRef } from 'react'
import { findPlaces, placeOf } from '../../lib/json-places.ts'
import { revealText } from '../../lib/revealed-text.ts'
import { Field, TextArea } from '../../ui/form.tsx'
import { type Fault, findRedacted } from './faults.ts'
import { readConfiguration } from './read-configuration.ts'

interface ConfigurationFieldProps {
  value: string
  onChange: (text: string) => void
  /** The faults that the server has found. */
  faults: readonly Fault[]
}

/** A configuration as JSON; a fault leads to its line. */
export function ConfigurationField({ value, onChange, faults }: ConfigurationFieldProps) {
  const area = useRef<HTMLTextAreaElement>(null)
  const { configuration, error } = readConfiguration(value)
  const secrets = error === undefined && faults.length === 0 ? findRedacted(configuration) : []
  const listed = faults.length > 0 ? faults : secrets
  const places = error === undefined && listed.length > 0 ? findPlaces(value) : null
  const show = (path: string) => {
    const place = places && placeOf(places, path)
    if (!place || !area.current) return
    area.current.focus()
    area.current.setSelectionRange(place.start, place.end)
  }
  return (
    <div className="flex flex-col gap-1">
      <Field
        label="Configuration"
        hint="JSON with the fields of a new session, such as model, tools, permissionMode, appendSystemPrompt, workspace"
        error={faults.length > 0 ? 'The server did not accept this' : error}
      >
        {props => (
          <TextArea
            {...props}
            ref={area}
            required
            spellCheck={false}
            dir="ltr"
            rows={Math.max(8, Math.min(30, value.split('\n').length + 1))}
            className="font-mono sm:!text-xs [tab-size:2]"
            value={value}
            onChange={event => onChange(event.target.value)}
          />
        )}
      </Field>
      {listed.length > 0 && (
        <ul
          aria-label={faults.length > 0 ? 'Faults of the configuration' : 'Secrets to type again'}
          className={faults.length > 0 ? 'text-bad' : 'text-warn'}
        >
          {listed.map(({ path, message }) => (
            <li key={path}>
              <button
                type="button"
                onClick={() => show(path)}
                className="target flex items-center text-left text-xs break-words underline"
              >
                {places && `Line ${placeOf(places, path)?.line}: `}
                {revealText(path === '' ? message : `${path}: ${message}`)}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
