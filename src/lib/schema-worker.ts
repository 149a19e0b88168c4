import { parentPort } from 'node:worker_threads'
import {
  findFormFlaw,
  findOutputFlaw,
  findSchemaFlaw,
  type JsonSchema,
  type SchemaFlaw,
} from './json-schema.ts'

/** A request to the worker of `schema-checks.ts`. */
export type SchemaQuestion =
  | { kind: 'schema'; schema: JsonSchema }
  | { kind: 'output'; schema: JsonSchema; value: unknown }
  | { kind: 'form'; schema: JsonSchema; value: unknown }

/** A message of the worker; `ready` is sent once, after it has loaded its modules. */
export type SchemaReply = 'ready' | { flaw: SchemaFlaw | undefined } | { error: string }

parentPort?.on('message', (question: SchemaQuestion) => parentPort?.postMessage(answer(question)))
parentPort?.postMessage('ready' satisfies SchemaReply)

function answer(question: SchemaQuestion): SchemaReply {
  try {
    switch (question.kind) {
      case 'schema':
        return { flaw: findSchemaFlaw(question.schema) }
      case 'output':
        return { flaw: findOutputFlaw(question.schema, question.value) }
      case 'form':
        return { flaw: findFormFlaw(question.schema, question.value) }
    }
  } catch (error) {
    return { error: (error as Error).message }
  }
}
