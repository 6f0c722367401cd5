/**
 * What goes into the channel's suites and what comes out of them: plain JSON both ways.
 */

/**
 * An enclave that any runtime can be: the fixture attester's certificates and registers, and the
 * key that signs documents.
 */
export interface Enclave {
  /** Base64 of DER, root first. */
  readonly certificates: readonly string[]
  readonly leaf: JsonWebKey
  readonly moduleId: string
  /** Base64, by number. */
  readonly registers: Readonly<Record<string, string>>
  /** Unix milliseconds: when all of it is valid. */
  readonly now: number
  /** Base64 of the root of another enclave, which signed nothing here. */
  readonly otherRoot: string
}

/** What came of one case. Everything in it must be the same in every runtime. */
export interface ChannelRow {
  readonly name: string
  readonly outcome: unknown
}

/** What a runtime has, found out without the library. */
export interface Features {
  /** WebCrypto has X25519. */
  readonly x25519: boolean
  /** WebCrypto has what MLKEM768-X25519 is made of. */
  readonly mlkem: boolean
  /** A `Request` can be made with a stream as its body, and gives it back: a gateway needs that. */
  readonly requestStreams: boolean
}

export interface ChannelReport {
  readonly features: Features
  readonly rows: readonly ChannelRow[]
}

/** What the network's suite is given. */
export interface NetworkInput {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  /** Base64 of DER. */
  readonly root: string
}
