/**
 * The app-compose file of dstack: what an application is measured by. Its text is hashed as it is
 * served, never a value that was read from it.
 */
import { VerificationError } from '../core/errors.ts'
import { isPlainObject, requireOption } from '../core/options.ts'
import { hash } from '../crypto/digest.ts'
import { toHex } from '../encoding/bytes.ts'
import { canonicalJson } from '../encoding/canonical-json.ts'
import { decodeJson, type JsonObject, optionalMemberOf } from '../encoding/json.ts'
import type { Source } from '../encoding/reader.ts'

/** One image that a compose file names. */
export interface ComposeImage {
  /** As written, without quotes. */
  readonly reference: string
  /** Whether it is a name with `@sha256:` and 64 digits, and no variable chooses it. */
  readonly pinned: boolean
}

const source: Source = { name: 'app-compose', code: 'compose-format' }
const maximumSize = 1_048_576
/** `image` as a key, in block or flow style, and its value as far as one line has it. */
const imageKey =
  /(?<![\w.$/-])["']?image["']?[ \t]*:(?=[\s"']|$)[ \t]*("[^"]*"|'[^']*'|(?:\$\{[^}]{0,500}\}|[^\s,}])*)/g
const pinnedReference = /^[a-z0-9][\w./:-]*@sha256:[0-9a-f]{64}$/
/**
 * Other ways to name what runs: keys that are not read here, and ways to write a key so that it is
 * not seen.
 */
const hidingPlaces = [
  /(?<![\w.$/-])["']?(?:build|extends)["']?[ \t]*:/,
  /^[ \t]*\?(?:[ \t]|$)/,
  /"[^"\\]*\\[^"]*"[ \t]*:/,
]

/**
 * The hash that dstack measures: SHA-256 of the text's UTF-8, lower-case hexadecimal digits.
 * @throws TypeError when `text` is no text
 */
export async function composeHash(text: string): Promise<string> {
  requireOption('text', 'the text of an app-compose file', typeof text === 'string')
  return toHex(await hash('SHA-256', new TextEncoder().encode(text)))
}

/**
 * An app-compose file as dstack's SDKs write it with `normalize = true`: members in order, no white
 * space, and without what its runner does not read. For building an application, never for
 * verifying one: what is measured is the text as served.
 * @throws TypeError when `value` is no object, or has no JSON
 */
export function normalizeAppCompose(value: object): string {
  requireOption('value', 'a plain object', isPlainObject(value) && !Array.isArray(value))
  let own: Record<string, JsonObject>
  try {
    own = JSON.parse(JSON.stringify(value)) as Record<string, JsonObject>
  } catch (cause) {
    // A circle, or a nesting without end.
    throw new TypeError('value must be what JSON can hold', { cause })
  }
  const { runner, pre_launch_script: script } = own as Record<string, unknown>
  const unread = runner === 'bash' ? 'docker_compose_file' : runner === 'docker-compose' ? 'bash_script' : ''
  const kept = Object.entries(own).filter(([name]) => name !== unread && (name !== 'pre_launch_script' || script))
  return canonicalJson(Object.fromEntries(kept), source)
}

/**
 * The images that the compose file inside an app-compose names: every `image`, in the order of the
 * text. That all are pinned does not prove that nothing else runs: a container may load more.
 * @param text the app-compose, as served
 * @throws VerificationError `compose-format` when it is no JSON object, or its
 *   `docker_compose_file` no text
 * @throws TypeError when `text` is no text
 */
export function composeImages(text: string): ComposeImage[] {
  return linesOf(text).flatMap((line) =>
    [...line.matchAll(imageKey)].map(([, value = '']) => {
      const reference = value.replace(/^(["'])(.*)\1$/, '$2')
      return { reference, pinned: pinnedReference.test(reference) }
    }),
  )
}

/** Why not every image of a compose file is known to be pinned; `undefined` when every one is. */
export function unpinnedImage(text: string): string | undefined {
  const images = composeImages(text)
  const lines = linesOf(text)
  const indentOf = (line: string, key: RegExp): number => key.exec(line)?.[1]?.length ?? -1
  // Keys of the whole file are as deep as `services`.
  const root = lines.reduce((deepest, line) => Math.max(deepest, indentOf(line, /^( *)["']?services["']?[ \t]*:/)), 0)
  const isInclude = (line: string): boolean => {
    const indent = indentOf(line, /^( *)["']?include["']?[ \t]*:/)
    return indent >= 0 && indent <= root
  }
  if (images.length === 0) return 'no image'
  return (
    images.find(({ pinned }) => !pinned)?.reference ??
    lines.find((line) => isInclude(line) || hidingPlaces.some((place) => place.test(line)))?.trim()
  )
}

/** The lines of the compose file, comments aside; none where another runner runs. */
function linesOf(text: string): string[] {
  requireOption('text', 'the text of an app-compose file', typeof text === 'string')
  if (text.length > maximumSize)
    throw new VerificationError('compose-format', `app-compose: more than ${maximumSize} characters`)
  const value = decodeJson(text, source)
  const file = optionalMemberOf(value, 'docker_compose_file') ?? ''
  if (optionalMemberOf(value, 'runner') === undefined || typeof file !== 'string')
    throw new VerificationError('compose-format', 'app-compose: expected an object with runner and docker_compose_file')
  return file.split(/\r\n|\r|\n|\u0085|\u2028|\u2029/).filter((line) => !/^\s*#/.test(line))
}
