/**
 * Where content is, in requests and responses of the shape that OpenAI's API has: each place with
 * its path, which is authenticated with it.
 *
 *     request     messages.{m}.content (a text, or a list as JSON)   prompt   prompt.{i}   input   input.{i}
 *     response    choices.{i}.message.content | .reasoning | .reasoning_content | .audio.data
 *                 choices.{i}.delta.content | .reasoning | .reasoning_content   choices.{i}.text   data.{i}.embedding (JSON)
 */
import { requireOption } from '../../core/options.ts'

/** What `JSON.parse` gives. Places are changed where they are. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** One place. */
export interface Place {
  readonly path: string
  /** What is there: a text, or what is written as JSON inside the seal. */
  readonly value: Json
  readonly set: (value: Json) => void
}

type Holder = Record<string, Json>

/**
 * The content of a request. @throws TypeError for content that the protocol would leave in the
 * clear
 */
export function requestPlaces(body: Json): readonly Place[] {
  const holder = holderOf(body)
  const { messages: list } = holder
  const messages = listOf(list).flatMap((message, m) => {
    const { content } = holderOf(message)
    if (content === undefined || content === null) return []
    requireOption(`messages.${m}.content`, 'a text, or a list', typeof content === 'string' || Array.isArray(content))
    return [placeIn(holderOf(message), 'content', `messages.${m}.content`)]
  })
  const prompts = ['prompt', 'input'].flatMap((name) => {
    const value = holder[name]
    if (value === undefined || value === null) return []
    if (typeof value === 'string') return [placeIn(holder, name, name)]
    const areTexts = Array.isArray(value) && value.every((text) => typeof text === 'string')
    requireOption(name, 'a text, or a list of texts', areTexts)
    return (value as Json[]).map((_, i) => placeIn(value as unknown as Holder, `${i}`, `${name}.${i}`))
  })
  return [...messages, ...prompts]
}

/**
 * The content of a response, or of one event; `undefined` for what is of another shape, and could
 * hold content elsewhere.
 */
export function responsePlaces(body: Json): readonly Place[] | undefined {
  const { choices, data, error } = holderOf(body)
  if (!Array.isArray(choices) && !Array.isArray(data) && !isHolder(error)) return undefined
  const generated = ['content', 'reasoning', 'reasoning_content']
  return [
    ...listOf(choices).flatMap((choice, position) => {
      const holder = holderOf(choice)
      const path = `choices.${indexOf(holder, position)}`
      const { message, delta } = holder
      const { audio } = holderOf(message)
      return [
        ...placesIn(message, generated, `${path}.message`),
        ...placesIn(audio, ['data'], `${path}.message.audio`),
        // What is empty may be left as it is.
        ...placesIn(delta, generated, `${path}.delta`).filter(({ value }) => value !== ''),
        ...placesIn(holder, ['text'], path),
      ]
    }),
    ...listOf(data).flatMap((entry, position) =>
      placesIn(entry, ['embedding'], `data.${indexOf(holderOf(entry), position)}`),
    ),
  ]
}

function placesIn(value: Json | undefined, names: readonly string[], path: string): readonly Place[] {
  const holder = holderOf(value)
  return names
    .filter((name) => Object.hasOwn(holder, name) && holder[name] !== null)
    .map((name) => placeIn(holder, name, `${path}.${name}`))
}

function placeIn(holder: Holder, name: string, path: string): Place {
  return {
    path,
    value: holder[name] as Json,
    set(value) {
      holder[name] = value
    },
  }
}

function isHolder(value: Json | undefined): value is Holder {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function holderOf(value: Json | undefined): Holder {
  return isHolder(value) ? value : {}
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function indexOf({ index }: Holder, position: number): number {
  return Number.isSafeInteger(index) ? (index as number) : position
}
