import type { ModelInfo } from '../../client/index.ts'
import type { Context } from './context.ts'
import { notFound } from './errors.ts'
import { Query } from './reading.ts'

export interface Model {
  type: 'model'
  id: string
  display_name: string
  created_at: string
  lifecycle: 'active'
  line: null
  capabilities: null
  max_input_tokens: null
  max_tokens: null
  deprecated_at: null
  retires_at: null
  allowed_fallback_models: null
}

/** The models that Claude Code reports; all are on the first page. */
export async function listModels({ api, request }: Context) {
  const query = new Query(request, ['limit', 'after_id', 'before_id', 'lifecycle'])
  const isPast = query.one('after_id') !== undefined || query.one('before_id') !== undefined
  const { models } = await api.call('listModels')
  const data = isPast ? [] : models.map(toModel)
  return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
}

export async function getModel({ api, param }: Context): Promise<Model> {
  const { models } = await api.call('listModels')
  const found = models.find(({ id, resolvedModel }) => [id, resolvedModel].includes(param('model')))
  if (!found) throw notFound('model', param('model'))
  return toModel(found)
}

function toModel({ id, name }: ModelInfo): Model {
  return {
    type: 'model',
    id,
    display_name: name,
    // Claude Code does not say when.
    created_at: '1970-01-01T00:00:00Z',
    lifecycle: 'active',
    line: null,
    capabilities: null,
    max_input_tokens: null,
    max_tokens: null,
    deprecated_at: null,
    retires_at: null,
    allowed_fallback_models: null,
  }
}
