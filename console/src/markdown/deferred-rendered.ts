import { deferred } from '../ui/deferred.tsx'

/** Markdown as elements; its parser is the largest file of the console. */
export const DeferredRendered = deferred(() => import('./rendered.tsx'))
