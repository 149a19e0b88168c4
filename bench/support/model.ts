// The stand-in for the model's API in a process of its own, so that its work is nobody else's. Its only argument, as
// JSON: `ModelSettings`.
import { type Delivery, text } from '../../src/demo/answer.ts'
import { openStandInModel } from '../../src/demo/stand-in-model.ts'
import { serveParent } from './serve-parent.ts'

export interface ModelSettings {
  /** Answers to prompts that contain a text, besides those that the stand-in knows. */
  scripts?: { match: string; answer: string; delivery?: Omit<Delivery, 'holdUntil'> }[]
}

const { scripts = [] } = JSON.parse(process.argv[2] ?? '{}') as ModelSettings
const model = await openStandInModel()
for (const { match, answer, delivery } of scripts) model.script(match, text(answer, delivery))
serveParent(model.url, () => model.close())
