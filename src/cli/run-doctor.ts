import { examine } from '../app/doctor/doctor.ts'
import type { LoadedOptions } from './load-options.ts'
import { exitCodes } from './report-faults.ts'
import { terminal } from './terminal.ts'

const marks = { ok: 'ok  ', warning: 'warn', failure: 'FAIL' } as const
const styles = { ok: 'green', warning: 'yellow', failure: 'red' } as const

/** Prints what a server with these options needs and has; a failure sets the exit code. */
export async function runDoctor(
  { resolved, address }: LoadedOptions,
  { model, json }: { model: boolean; json: boolean },
): Promise<void> {
  for await (const finding of examine({ config: resolved, address, asksModel: model })) {
    const { check, status, message, advice } = finding
    if (status === 'failure') process.exitCode = exitCodes.failure
    if (json) {
      terminal.json(finding)
      continue
    }
    terminal.line(`${marks[status]}  ${check}: ${message}`, styles[status])
    if (advice !== undefined) terminal.line(`      ${advice}`)
  }
}
