// Writes docs/openapi/claude-code-api.yaml from the operation table; with --check it only says whether it is true.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { stringify } from 'yaml'
import { readVersion } from '../src/app/version.ts'
import { buildOpenApi } from '../src/contract/openapi.ts'

const file = join(import.meta.dirname, '../docs/openapi/claude-code-api.yaml')
const document = buildOpenApi(readVersion())
const text = stringify(document, { lineWidth: 110, aliasDuplicateObjects: false })

const { valid, errors } = await new Validator().validate(structuredClone(document))
if (!valid) throw new Error(`the document is not valid OpenAPI 3.1: ${JSON.stringify(errors)}`)
if (!process.argv.includes('--check')) {
  writeFileSync(file, text)
} else if (readFileSync(file, 'utf8') !== text) {
  throw new Error(
    'docs/openapi/claude-code-api.yaml is not what the operation table says: run `npm run openapi`',
  )
}
