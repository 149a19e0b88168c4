// The stand-in for the model's API in a process of its own, so that its work is nobody else's.
import { openStandInModel } from '../../src/demo/stand-in-model.ts'
import { serveParent } from './serve-parent.ts'

const model = await openStandInModel()
serveParent(model.url, () => model.close())
