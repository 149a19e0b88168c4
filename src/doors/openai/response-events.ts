import type { ResponseCursor } from './ids.ts'
import type { Piece } from './pieces.ts'
import { OutputItems, toPart, toSummary, withEnding } from './response-object.ts'

type Json = Record<string, unknown>
type Of<Type extends Piece['type']> = Extract<Piece, { type: Type }>

/**
 * Makes the events of a response, with their numbers. A number depends on the text only and not on how it arrived: a
 * stream that is read again has the same events with the same numbers.
 */
export class ResponseEvents {
  readonly #response: Json
  readonly #items: OutputItems
  readonly #output: Json[] = []
  readonly #texts: string[] = []
  /** The number of the next event, if nothing was taken back. */
  #next = 0
  /** Every number is above that of the event before. */
  #last = -1

  constructor(response: Json, cursor: ResponseCursor) {
    this.#response = response
    this.#items = new OutputItems(cursor)
  }

  /** The response as far as its items are complete. */
  get response(): Json {
    return { ...this.#response, output: [...this.#output] }
  }

  /** The whole texts of the answer as one. */
  get text(): string {
    return this.#texts.join('\n\n')
  }

  get nextNumber(): number {
    return this.#last + 1
  }

  begin(): Json[] {
    return [
      this.#event('response.created', { response: this.#response }),
      this.#event('response.in_progress', { response: this.#response }),
    ]
  }

  add(piece: Piece): Json[] {
    switch (piece.type) {
      case 'begin':
        return this.#begin(piece)
      case 'delta':
        return this.#delta(piece)
      case 'end':
        return this.#end(piece)
      case 'call':
        return this.#call(piece)
      case 'over': {
        const response = withEnding(this.#response, this.#output, piece.ending)
        const { status } = response
        const type =
          status === 'completed' || status === 'failed' ? `response.${status}` : 'response.incomplete'
        return [this.#event(type, { response })]
      }
    }
  }

  #begin({ kind, index }: Of<'begin'>): Json[] {
    const part = kind === 'text' ? toPart('') : toSummary('')
    return [
      this.#event('response.output_item.added', {
        output_index: index,
        item: this.#items.toItem(kind, index),
      }),
      this.#event(`${partOf(kind)}.added`, { ...this.#placeOf(kind, index), part }),
    ]
  }

  #delta({ kind, index, position, text }: Of<'delta'>): Json[] {
    const event = this.#event(
      `${textOf(kind)}.delta`,
      { ...this.#placeOf(kind, index), delta: text, ...(kind === 'text' && { logprobs: [] }) },
      this.#next + position,
    )
    return [event]
  }

  #end({ kind, index, positions, text, isWhole }: Of<'end'>): Json[] {
    this.#next += positions
    if (kind === 'text') this.#texts.push(text)
    const place = this.#placeOf(kind, index)
    const item = this.#items.toItem(kind, index, text, isWhole)
    this.#output[index] = item
    const part = kind === 'text' ? toPart(text) : toSummary(text)
    return [
      this.#event(`${textOf(kind)}.done`, { ...place, text, ...(kind === 'text' && { logprobs: [] }) }),
      this.#event(`${partOf(kind)}.done`, { ...place, part }),
      this.#event('response.output_item.done', { output_index: index, item }),
    ]
  }

  #call(piece: Of<'call'>): Json[] {
    const { index, call } = piece
    const item = this.#items.toCall(piece, true)
    this.#output[index] = item
    const place = { item_id: this.#items.idOf('call', index), output_index: index }
    const { name, arguments: input } = call
    return [
      this.#event('response.output_item.added', {
        output_index: index,
        item: this.#items.toCall(piece, false),
      }),
      this.#event('response.function_call_arguments.delta', { ...place, delta: input }),
      this.#event('response.function_call_arguments.done', { ...place, name, arguments: input }),
      this.#event('response.output_item.done', { output_index: index, item }),
    ]
  }

  #placeOf(kind: 'text' | 'reasoning', index: number): Json {
    const place = { item_id: this.#items.idOf(kind, index), output_index: index }
    return kind === 'text' ? { ...place, content_index: 0 } : { ...place, summary_index: 0 }
  }

  /** @param number of a piece of a text, which counts with the end of the text */
  #event(type: string, fields: Json, number = this.#next++): Json {
    this.#last = Math.max(number, this.#last + 1)
    return { type, sequence_number: this.#last, ...fields }
  }
}

function partOf(kind: 'text' | 'reasoning'): string {
  return kind === 'text' ? 'response.content_part' : 'response.reasoning_summary_part'
}

function textOf(kind: 'text' | 'reasoning'): string {
  return kind === 'text' ? 'response.output_text' : 'response.reasoning_summary_text'
}
