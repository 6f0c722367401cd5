/**
 * A request over a channel of the caller's: sealed by it, for this origin alone.
 */
import type { HeaderField, Message, ResponseHead } from '../channel/binary-http.ts'
import type { Pieces } from '../channel/pieces.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { requireOption } from '../core/options.ts'
import { collect } from './collect.ts'
import type { SealedChannel, SealingSession } from './channel-kind.ts'
import type { ClientPolicy } from './options.ts'
import type { OutgoingRequest } from './request.ts'
import type { Session } from './session.ts'

/** A request, ready to be sent, and what opens its response. */
export interface Outgoing {
  readonly method: string
  readonly url: string
  readonly headers: HeadersInit
  readonly body: BodyInit | null
  readonly open: (response: Response, pieces: (body: Response['body']) => Pieces) => Promise<Message<ResponseHead>>
}

/** What is sealed. */
export interface Sealable {
  readonly head: OutgoingRequest['head']
  readonly pieces: Pieces
}

/** Seals by the caller's channel. @throws what it throws; TypeError when it would send elsewhere */
export async function sealByChannel(
  channel: SealedChannel,
  { origin }: ClientPolicy,
  { head, pieces }: Sealable,
  session: SealingSession & Pick<Session, 'key'>,
): Promise<Outgoing> {
  const body = await collect(pieces)
  const { method, path, headers: fields } = head
  const headers = fields.map(([name, value]): [string, string] => [name, value])
  const request = new Request(origin.origin + path, { method, headers, ...(body.size > 0 && { body }) })
  const { url, init, open } = await channel.seal(request, (session.key as Bytes).slice(), session)
  const isOurs = URL.canParse(url) && new URL(url).origin === origin.origin
  requireOption('channel', `one that seals for ${origin.origin}`, isOurs)
  return {
    method: init.method ?? 'POST',
    url: new URL(url).href,
    headers: init.headers ?? {},
    body: init.body ?? null,
    async open(response, piecesOf) {
      const { status, headers: answered, body: opened } = await open(response)
      return { head: { status, headers: [...answered] as readonly HeaderField[] }, body: piecesOf(opened) }
    },
  }
}
